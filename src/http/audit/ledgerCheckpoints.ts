/** Checkpoints of the log that holds the audit trail, for those who read the trail. */
import { z } from 'zod';
import { ADMINS } from '../../core/definitions/actor.ts';
import { demandRole, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute } from '../door/route.ts';
import { checkpointPage, checkpointsAnswer, readCheckpointsPage } from '../proof/checkpoints.ts';

const page = checkpointPage.extend({ archived: z.enum(['true', 'false']).default('false') });

export const readLedgerCheckpoints = defineRoute({
  name: 'audit.checkpoints',
  route: 'GET /ledger/checkpoints',
  summary:
    'Checkpoints of the log that the audit trail is in, newest first; with `archived=true` those of more than a year ago',
  roles: ADMINS,
  query: page,
  answer: checkpointsAnswer,
  rejects: [],
  serve: (context) => async (req, res) => {
    const actor = (await enter(context, req, res, readLedgerCheckpoints))!;
    demandRole(actor, ADMINS);
    const { archived, ...query } = demandQuery(page, req);
    const which = archived === 'true' ? 'archived' : 'listed';
    const body = await context.reading.inScope(actor, null, (db) => readCheckpointsPage(db, query, which));
    res.set('Cache-Control', 'no-store').json(body);
  },
});
