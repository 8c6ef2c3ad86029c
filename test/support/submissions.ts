/** Commands as the door hands them to the inbox, for tests that have no door. */
import { randomUUID } from 'node:crypto';
import type { Submission } from '../../src/core/apply/inbox.ts';
import { newCommandId } from '../../src/core/chain/ids.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';

/** @param assignment_id of the session that the input names: what a door knows from the scope */
export function submission(
  catalog: Catalog,
  name: string,
  input: JsonObject,
  actor: Actor,
  { assignment_id = '', ...changes }: Partial<Submission> & { assignment_id?: string } = {},
): Submission {
  const id = changes.id ?? newCommandId();
  return {
    id,
    name,
    streams: catalog.commands.get(name)!.streams({ id, input }, { assignment_id }),
    input,
    actor,
    institution_id: actor.institution_id,
    expected_sequence: null,
    idempotency: null,
    fingerprint: null,
    reply_to: randomUUID(),
    request_id: randomUUID(),
    redrive_of: null,
    ...changes,
  };
}
