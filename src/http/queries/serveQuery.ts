/** Serving a question: check who asks and what about, read, answer. One function for every query. */
import type { Request, Response } from 'express';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { QueryDefinition } from '../../core/definitions/query.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { catalog } from '../../modules.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { sendFile } from './sendFile.ts';

export function serveQuery(context: ApiContext, definition: QueryDefinition) {
  return async (req: Request, res: Response): Promise<void> => {
    const actor = (await enter(context, req, res, definition))!;
    demandRole(actor, definition.roles);
    const query = demandQuery(definition.query, req);
    const params = Object.fromEntries(Object.entries(req.params).map(([name, id]) => [name, String(id).toLowerCase()]));
    const target = definition.target(params);
    if (target) await context.scopes.demand(target, actor);
    const read = (db: Queryable) => definition.read({ db, actor, params, query, catalog });
    const session_id = target?.kind === 'session' ? target.id : null;
    const complete = async (found: JsonObject | undefined) => {
      const { complete: finish } = definition;
      return found && finish ? context.hashing.run(actor, () => finish(found, context.blobs)) : found;
    };
    // Verifying is dear, and the same for all who may ask: the scope was demanded above. Shared with those whose share
    // of the connections it takes, so that nobody is refused for another institution's haste.
    const { id, institution_id } = actor;
    const verify = async () => complete(await context.reading.asVerifier(actor, read));
    const body = await (definition.asVerifier
      ? context.verifications.share(`${institution_id ?? id} ${definition.name} ${JSON.stringify(params)}`, verify)
      : context.reading.inScope(actor, session_id, read));
    if (!body) throw new Problem('not_found');
    if (definition.attach) return sendFile(context, actor, req, res, definition.attach(body));
    if (definition.version) res.set('ETag', `"${definition.version(body)}"`);
    const answer = definition.asVerifier ? body : await complete(body);
    res.set('Cache-Control', 'no-store').json(answer);
  };
}
