/** Routes about the log as a whole: what they answer is public, with a token or without. */
import type { Request, Response } from 'express';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type ApiContext, anonymousReader, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

type Answer = (asked: {
  db<T>(read: (db: Queryable) => Promise<T>): Promise<T>;
  req: Request;
  res: Response;
  context: ApiContext;
}) => Promise<void>;

/** @param answer reads with `db`, in a transaction of its own each time */
export function defineOpenRoute(definition: Omit<RouteDefinition, 'roles' | 'serve'>, answer: Answer): RouteDefinition {
  const serve =
    (context: ApiContext): Serve =>
    async (req, res) => {
      const actor = (await enter(context, req, res, route)) ?? anonymousReader(req);
      await answer({ req, res, context, db: (read) => context.reading.inScope(actor, null, read) });
    };
  const route = defineRoute({ ...definition, roles: 'anyone', serve });
  return route;
}

export function sendNote(res: Response, note: string): void {
  res.type('text/plain; charset=utf-8').send(note);
}
