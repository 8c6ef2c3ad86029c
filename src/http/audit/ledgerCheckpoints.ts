/** Checkpoints of the log that holds the audit trail, for those who read the trail. */
import { ADMINS } from '../../core/definitions/actor.ts';
import { demandRole, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute } from '../door/route.ts';
import { checkpointPage, checkpointsAnswer, readCheckpointsPage } from '../proof/checkpoints.ts';

export const readLedgerCheckpoints = defineRoute({
  name: 'audit.checkpoints',
  route: 'GET /ledger/checkpoints',
  summary: 'Checkpoints of the log that the audit trail is in, newest first',
  roles: ADMINS,
  query: checkpointPage,
  answer: checkpointsAnswer,
  rejects: [],
  serve: (context) => async (req, res) => {
    const actor = (await enter(context, req, res, readLedgerCheckpoints))!;
    demandRole(actor, ADMINS);
    const query = demandQuery(checkpointPage, req);
    const page = await context.reading.inScope(actor, null, (db) => readCheckpointsPage(db, query));
    res.set('Cache-Control', 'no-store').json(page);
  },
});
