/** `GET /ops/backpressure`: how much waits for listeners that take less than there is, at all relays, as these report it. */

import { z } from 'zod';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { backpressureAnswer } from './operationAnswers.ts';
import { demandRelays } from './sockets.ts';

const OPERATORS = ['super_admin'] as const;

const count = z.int().min(0).catch(0);
const NOTHING = { total_overflows: 0, active_queues: 0, total_queued_messages: 0, max_queue_size: 0 };
/** A relay of another version may say less, or nothing of it. */
const Said = z
  .object({ total_overflows: count, active_queues: count, total_queued_messages: count, max_queue_size: count })
  .catch(NOTHING);

export const readBackpressure = defineRoute({
  name: 'ops.backpressure',
  route: 'GET /ops/backpressure',
  summary: 'What waits for slow listeners at all relays, and how often one was too far behind',
  roles: OPERATORS,
  answer: backpressureAnswer,
  rejects: ['unavailable'],
  serve: serveBackpressure,
});

function serveBackpressure(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readBackpressure))!;
    demandRole(actor, OPERATORS);
    const relays = await demandRelays(() => context.reports.reports());
    const said = [...relays.values()].map((report) => Said.parse(report.backpressure));
    const sum = (field: keyof typeof NOTHING) => said.reduce((total, one) => total + one[field], 0);
    res.set('Cache-Control', 'no-store').json({
      total_overflows: sum('total_overflows'),
      active_queues: sum('active_queues'),
      total_queued_messages: sum('total_queued_messages'),
      max_queue_size: Math.max(0, ...said.map(({ max_queue_size }) => max_queue_size)),
    });
  };
}
