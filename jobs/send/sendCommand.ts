/**
 * How a timed job changes anything: it sends a command, as everybody does, in the name of the system. The key makes it
 * one command, however often the job is run.
 */
import { findScope } from '../../src/access/scope.ts';
import { acceptCommands } from '../../src/core/apply/inbox.ts';
import { systemSubmission } from '../../src/core/apply/systemSubmission.ts';
import { newCommandId } from '../../src/core/chain/ids.ts';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { wayOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { doorbellEntryFor, doorbellFor, type Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { JobTools } from '../job.ts';

interface Sender {
  db: Queryable;
  catalog: Catalog;
  queues: Queues;
  log: Log;
  /** What the commands are traced by: the tick's id. */
  request_id: string;
}

/** @returns what accepts a command, and rings for it where it is new */
export function createSend({ db, catalog, queues, log, request_id }: Sender): JobTools['send'] {
  return async ({ name, input, key, expected_sequence = null }) => {
    const definition = catalog.commands.get(name);
    if (!definition) throw new Error(`there is no command named ${name}`);
    const id = newCommandId();
    const target = definition.target(input);
    const scope = target ? await findScope(db, target) : null;
    if (scope === undefined) throw new Error(`${name}: there is no ${target!.kind} ${target!.id}`);
    const streams = definition.streams({ id, input, is_conditional: expected_sequence !== null }, scope);
    const [acceptance] = await acceptCommands(db, [
      systemSubmission({
        ...{ id, name, streams, input, request_id, expected_sequence },
        institution_id: scope?.institution_id ?? ownerIn(input),
        idempotency: { scope: 'system', key },
      }),
    ]);
    if ('reused' in acceptance! || acceptance!.joined) return;
    const commands = [doorbellEntryFor({ id, name, streams, request_id })];
    const { queue, options } = doorbellFor(wayOf(catalog.kinds, streams[0]!));
    await queues
      .queue(queue)
      .add(name, { commands }, { jobId: id, ...options })
      .catch((err) => log.debug({ err }, 'ringing doorbell failed; the overdue poll finds the command'));
  };
}

/** The institution that a command names which is about nothing in its court. */
function ownerIn({ owner }: JsonObject): string | null {
  return typeof owner === 'string' ? owner : null;
}
