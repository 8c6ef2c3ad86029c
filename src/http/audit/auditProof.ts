/** The proof that an entry of the audit trail is in the log, for the admins who may read the entry. */

import { auditStream } from '../../audit/entry.ts';
import { isUuid } from '../../core/chain/ids.ts';
import { type Actor, ADMINS } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { streamName } from '../../core/definitions/stream.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute } from '../door/route.ts';
import { answerInclusion, inclusionAnswer } from '../proof/proofs.ts';

/** Row security leaves those of the reader's institution. */
const ENTRY = 'select owner, event_sequence from audit_entries where id = $1';

export const readAuditProof = defineRoute({
  name: 'audit.proof',
  route: 'GET /audit/:entry_id/proof',
  summary: 'The proof that an entry of the audit trail is in the log; `Prefer: wait` waits for the next checkpoint',
  roles: ADMINS,
  answer: inclusionAnswer,
  rejects: ['not_sealed'],
  serve: (context) => async (req, res) => {
    const actor = (await enter(context, req, res, readAuditProof))!;
    demandRole(actor, ADMINS);
    const { owner, event_sequence } = await demandEntry(context, actor, String(req.params.entry_id));
    const named = { stream: streamName(auditStream.kind, owner), event_sequence, size: null };
    await answerInclusion(context, actor, named, req, res);
  },
});

/** @throws {Problem} 404 */
async function demandEntry({ reading }: ApiContext, actor: Actor, id: string) {
  const read = async () => {
    const found = await reading.inScope(actor, null, (db) =>
      db.query<{ owner: string; event_sequence: number }>(ENTRY, [id]),
    );
    return found.rows[0];
  };
  const entry = isUuid(id) ? await read() : undefined;
  if (!entry) throw new Problem('not_found');
  return entry;
}
