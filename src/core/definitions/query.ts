/** A question is one query definition: its route, who may ask, its parameters, and how it is read. Reads change nothing. */
import { z } from 'zod';
import type { Queryable } from '../sql/queryable.ts';
import type { Actor, Role } from './actor.ts';
import type { Author } from './author.ts';
import type { Catalog, Hides, Target } from './command.ts';
import type { JsonObject } from './event.ts';
import type { Blobs, NamedFile } from './files.ts';
import type { Outside } from './outside.ts';
import type { RouteParams } from './route.ts';

export interface Asked<Params, Query> {
  db: Queryable;
  actor: Actor;
  params: Params;
  query: Query;
  /** Of a question about a gallery: whom the asker speaks as there, with a token or without. */
  author?: Author;
  /** For a question about all that is recorded: a module does not know the others. */
  catalog: Catalog;
  /** The part of the answer that is kept, where it is there. */
  kept?: object;
}

/** A part of an answer that may be as old as the cache lets it be. */
export interface KeptPart<Query> {
  /** Of the cache, which has a time for it. */
  kind: string;
  /** Of an answer, without the rest. One that does not fit it is not kept. */
  schema: z.ZodType<object>;
  /** Names all that the part depends on, the scope first; undefined where this question is read each time. */
  idOf(asked: { actor: Actor; query: Query }): string | undefined;
}

/** A file as it is answered. */
export interface Attachment extends NamedFile {
  media_type: string;
  /** What it is called where it is saved: ours, never its sender's. */
  name: string;
}

/**
 * Its parameters follow from the route, its query and its answer from their schemas.
 * @template Body what is read, which is the answer unless there is more to do
 */
export interface QueryDefinition<
  Route extends string = string,
  Query extends z.ZodObject = z.ZodObject,
  Answer = object,
  Body = JsonObject,
> {
  name: string;
  /** `GET /...` with `:placeholders`. */
  route: Route;
  summary: string;
  /** `anyone`: without a token too, where the target is public. Such a query names a target. */
  roles: readonly Role[] | 'anyone';
  /** Boards may ask too, each as nobody in particular of its institution. */
  boards?: true;
  hides?: Hides;
  query: Query;
  /** What must exist and be in the asker's scope; null where the query scopes itself. */
  target(params: RouteParams<Route>): Target | null;
  /** The schema of what is answered: one with a name. A file has none. */
  answer?: z.ZodType<Answer>;
  /** The asker is an author in what is asked about, as `author`. */
  asAuthor?: true;
  /** What may be taken from the cache. Whether the asker may know it, and all that may not be old, `read` asks each time. */
  kept?: KeptPart<z.output<Query>>;
  /** The answer's body, or undefined where there is nothing. */
  read(asked: Asked<RouteParams<Route>, z.output<Query>>): Promise<Body | undefined>;
  /**
   * Read as the verifier: a row that was moved out of the asker's scope is what it must find, not be blind to. Only for
   * a target, which the door has checked; the answer is that of the target alone, and shared by all who ask at once.
   */
  asVerifier?: true;
  /**
   * Goes on when the reading is over and its transaction with it: looking at files takes its time. For a reader without a
   * token no file is opened: there are no blobs.
   */
  complete?(body: NoInfer<Body>, blobs: Blobs | null, outside: Outside): Promise<NoInfer<Answer>>;
  /** The answer is this file, and not the body. */
  attach?(body: NoInfer<Body>): Attachment;
  /** The answer's version, for the ETag header. */
  version?(body: NoInfer<Body>): string;
}

/** The schema of a query string that asks for nothing. */
export const NO_QUERY = z.strictObject({});

type Parts<Route extends string, Query extends z.ZodObject, Answer, Body> = Omit<
  QueryDefinition<Route, Query, Answer, Body>,
  'answer' | 'complete' | 'attach'
>;

/** A question whose answer is what is read. */
export function defineQuery<const Route extends string, Query extends z.ZodObject, Answer extends object>(
  definition: Parts<Route, Query, NoInfer<Answer>, NoInfer<Answer>> & { answer: z.ZodType<Answer> },
): QueryDefinition<Route, Query, Answer, Answer> {
  return definition;
}

/** A question whose answer is completed when the reading is over. */
export function defineLongQuery<
  const Route extends string,
  Query extends z.ZodObject,
  Answer extends object,
  Body extends object,
>(
  definition: Parts<Route, Query, NoInfer<Answer>, Body> &
    Required<Pick<QueryDefinition<Route, Query, Answer, Body>, 'answer' | 'complete'>>,
): QueryDefinition<Route, Query, Answer, Body> {
  return definition;
}

/** A question that is answered by a file. */
export function defineFileQuery<const Route extends string, Query extends z.ZodObject, Body extends object>(
  definition: Parts<Route, Query, never, Body> & Required<Pick<QueryDefinition<Route, Query, never, Body>, 'attach'>>,
): QueryDefinition<Route, Query, never, Body> {
  return definition;
}
