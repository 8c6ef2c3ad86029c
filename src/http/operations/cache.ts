/** `GET /ops/cache`: how much is cached, and how often what was looked for was there. */

import { Problem } from '../../core/definitions/problem.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { cacheAnswer } from './operationAnswers.ts';

const OPERATORS = ['super_admin'] as const;

export const readCache = defineRoute({
  name: 'ops.cache',
  route: 'GET /ops/cache',
  summary: 'How much is cached, and how often what was looked for was there',
  roles: OPERATORS,
  answer: cacheAnswer,
  rejects: ['unavailable'],
  serve: serveCache,
});

function serveCache(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readCache))!;
    demandRole(actor, OPERATORS);
    const figures = await context.cache.read().catch(() => {
      throw new Problem('unavailable', 'The cache does not answer just now.', {}, { 'Retry-After': '1' });
    });
    res.set('Cache-Control', 'no-store').json(figures);
  };
}
