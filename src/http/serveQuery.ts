/** Serving a question: check who asks and what about, read, answer. One function for every query. */
import type { Request, Response } from 'express';
import { Problem } from '../core/problem.ts';
import type { QueryDefinition } from '../core/query.ts';
import type { Queryable } from '../core/queryable.ts';
import { addSchemaFaults } from './body.ts';
import { type Desk, demandRole, enter } from './door.ts';
import { listFaults, refuseFaults } from './faultList.ts';
import { sendFile } from './sendFile.ts';

export function serveQuery(desk: Desk, definition: QueryDefinition) {
  return async (req: Request, res: Response): Promise<void> => {
    const actor = (await enter(desk, req, res, definition))!;
    demandRole(actor, definition.roles);
    const query = definition.query.safeParse({ ...req.query });
    if (!query.success) {
      const faults = listFaults();
      addSchemaFaults(faults, query.error.issues);
      refuseFaults(faults);
    }
    const params = Object.fromEntries(Object.entries(req.params).map(([name, id]) => [name, String(id).toLowerCase()]));
    const target = definition.target(params);
    if (target) await desk.scopes.demand(target, actor);
    const read = (db: Queryable) => definition.read({ db, actor, params, query: query.data });
    const session_id = target?.kind === 'session' ? target.id : null;
    const body = await (definition.asVerifier
      ? desk.reading.asVerifier(actor, read)
      : desk.reading.inScope(actor, session_id, read));
    if (!body) throw new Problem('not_found');
    if (definition.attach) return sendFile(desk, actor, req, res, definition.attach(body));
    if (definition.version) res.set('ETag', `"${definition.version(body)}"`);
    const { complete } = definition;
    const answer = complete ? await desk.hashing.run(actor, () => complete(body, desk.blobs)) : body;
    res.set('Cache-Control', 'no-store').json(answer);
  };
}
