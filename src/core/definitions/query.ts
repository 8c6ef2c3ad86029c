/** A question is one query definition: its route, who may ask, its parameters, and how it is read. Reads change nothing. */
import type { z } from 'zod';
import type { Queryable } from '../sql/queryable.ts';
import type { Actor, Role } from './actor.ts';
import type { Target } from './command.ts';
import type { JsonObject } from './event.ts';
import type { Blobs, NamedFile } from './files.ts';

export interface Asked<Params, Query> {
  db: Queryable;
  actor: Actor;
  params: Params;
  query: Query;
}

/** A file as it is answered. */
export interface Attachment extends NamedFile {
  media_type: string;
  /** What it is called where it is saved: ours, never its sender's. */
  name: string;
}

export interface QueryDefinition<Params = unknown, Query = unknown> {
  name: string;
  /** `GET /...` with `:placeholders`. */
  route: string;
  summary: string;
  roles: readonly Role[];
  query: z.ZodObject;
  /** What must exist and be in the asker's scope; null where the query scopes itself. */
  target(params: Params): Target | null;
  /** The answer's body, or undefined where there is nothing. */
  read(asked: Asked<Params, Query>): Promise<JsonObject | undefined>;
  /**
   * Read as the verifier: a row that was moved out of the asker's scope is what it must find, not be blind to. Only for
   * a target, which the door has checked; the answer is that of the target alone, and shared by all who ask at once.
   */
  asVerifier?: true;
  /** Goes on when the reading is over and its transaction with it: looking at files takes its time. */
  complete?(body: JsonObject, blobs: Blobs): Promise<JsonObject>;
  /** The answer is this file, and not the body. */
  attach?(body: JsonObject): Attachment;
  /** The answer's version, for the ETag header. */
  version?(body: JsonObject): string;
}

export function defineQuery<Params, Query>(definition: QueryDefinition<Params, Query>): QueryDefinition<Params, Query> {
  return definition;
}
