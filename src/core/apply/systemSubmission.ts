/** Commands that the system itself sends: nobody waits for their answers. */
import { newCommandId } from '../chain/ids.ts';
import type { Actor } from '../definitions/actor.ts';
import type { Submission } from './inbox.ts';

const SYSTEM: Actor = { id: 'system', role: 'system', institution_id: null };

type Sent = Pick<Submission, 'name' | 'streams' | 'input' | 'institution_id'> &
  Partial<Pick<Submission, 'id' | 'idempotency' | 'request_id' | 'expected_sequence'>>;

export function systemSubmission({ id = newCommandId(), ...command }: Sent): Submission {
  return {
    ...{ id, actor: SYSTEM, expected_sequence: null, idempotency: null, fingerprint: null },
    ...{ reply_to: 'system', request_id: id, redrive_of: null, ...command },
  };
}
