/** Serving a question: check who asks and what about, read, answer. One function for every query. */
import type { Request, Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Author } from '../../core/definitions/author.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { QueryDefinition } from '../../core/definitions/query.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { CacheKind } from '../../infra/cache/cacheKinds.ts';
import { catalog } from '../../modules.ts';
import { withoutToken } from '../door/authentication.ts';
import { type ApiContext, anonymousReader, demandRoleIn, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { lineOf } from '../door/shares.ts';
import { sendFile } from './sendFile.ts';

/** A question that may be answered. */
interface Asking {
  req: Request;
  res: Response;
  actor: Actor;
  query: JsonObject;
  /** The session that it is about, where it is about one. */
  session_id: string | null;
  author?: Author | undefined;
}

export function serveQuery(context: ApiContext, definition: QueryDefinition) {
  return async (req: Request, res: Response): Promise<void> => {
    const actor = await enter(context, req, res, definition);
    await demandRoleIn(context, definition, req, actor);
    if (actor) {
      const query = demandQuery(definition.query, req);
      const about = await demandScope(context, definition, req, actor);
      return answer(context, definition, { req, res, actor, query, ...about });
    }
    return withoutToken(async () => {
      // Before the query is judged: nothing is said of what is not public.
      const about = await demandScope(context, definition, req, null);
      const query = demandQuery(definition.query, req);
      await answer(context, definition, { req, res, actor: anonymousReader(req), query, ...about });
    });
  };
}

async function answer(context: ApiContext, definition: QueryDefinition, asking: Asking): Promise<void> {
  const { req, res, actor, query, session_id, author } = asking;
  const params = paramsOf(req);
  const kept = await findKept(context, definition, asking);
  const given = { ...(author && { author }), ...(kept && { kept }) };
  const read = (db: Queryable) => definition.read({ db, actor, params, query, catalog, ...given });
  const body = await (definition.asVerifier
    ? verify(context, definition, params, actor, read)
    : context.reading.inScope(actor, session_id, read));
  if (!body) throw new Problem('not_found');
  if (!kept) await keep(context, definition, asking, body);
  if (definition.attach) return sendFile(context, actor, req, res, definition.attach(body));
  if (definition.version) res.set('ETag', `"${definition.version(body)}"`);
  const complete = definition.asVerifier ? body : await completed(context, definition, actor, body);
  // What is public today may be private tomorrow: no cache keeps it, that of the asker neither.
  res.set('Cache-Control', 'no-store').json(complete);
}

async function findKept({ cache }: ApiContext, { kept }: QueryDefinition, asking: Asking): Promise<object | undefined> {
  const id = kept?.idOf(asking);
  return id === undefined ? undefined : cache.get(kept!.kind as CacheKind, id, kept!.schema);
}

async function keep({ cache }: ApiContext, { kept }: QueryDefinition, asking: Asking, body: JsonObject): Promise<void> {
  const id = kept?.idOf(asking);
  const part = id === undefined ? undefined : kept!.schema.safeParse(body).data;
  if (part) await cache.put(kept!.kind as CacheKind, id!, part);
}

/** What is asked about, where it is a session. @throws {Problem} 404 for what is not in scope */
async function demandScope(
  { scopes, guard, visits }: ApiContext,
  definition: QueryDefinition,
  req: Request,
  actor: Actor | null,
): Promise<Pick<Asking, 'session_id' | 'author'>> {
  const target = definition.target(paramsOf(req));
  const scope = target && (await scopes.demand(target, actor));
  if (target?.kind !== 'session') return { session_id: null };
  const { id: session_id } = target;
  if (!definition.asAuthor) return { session_id };
  const { institution_id } = scope!;
  const author = await guard.authorOf(req, actor, { session_id, institution_id });
  visits.note(session_id, institution_id, author.key);
  return { session_id, author };
}

function paramsOf(req: Request): Record<string, string> {
  return Object.fromEntries(Object.entries(req.params).map(([name, id]) => [name, String(id).toLowerCase()]));
}

/**
 * Verifying is dear, and the same for all that may ask: the scope was demanded before. Shared with those whose share
 * of the connections it takes, so that nobody is refused for another institution's haste.
 */
function verify(
  context: ApiContext,
  definition: QueryDefinition,
  params: Record<string, string>,
  actor: Actor,
  read: (db: Queryable) => Promise<JsonObject | undefined>,
): Promise<JsonObject | undefined> {
  const work = async () => completed(context, definition, actor, await context.reading.asVerifier(actor, read));
  const shared = () =>
    context.verifications.share(`${lineOf(actor)} ${definition.name} ${JSON.stringify(params)}`, work);
  return actor.role === 'anonymous' ? context.anonymousVerifications.run(actor, shared) : shared();
}

async function completed(
  { hashing, blobs, outside }: ApiContext,
  { complete }: QueryDefinition,
  actor: Actor,
  found: JsonObject | undefined,
): Promise<JsonObject | undefined> {
  if (!found || !complete) return found;
  const completing =
    actor.role === 'anonymous'
      ? complete(found, null, outside)
      : hashing.run(actor, () => complete(found, blobs, outside));
  return completing as Promise<JsonObject>;
}
