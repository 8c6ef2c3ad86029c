/** A route that is neither a command nor a question of a module: served in a way of its own, and listed like those. */
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { behaviourProblems } from '../../behaviour/behaviourProblems.ts';
import type { Role } from '../../core/definitions/actor.ts';
import type { ProblemCode } from '../../core/definitions/problem.ts';
import type { feedProblems } from '../../feeds/feedProblems.ts';
import type { ApiContext } from './door.ts';

export type Serve = (req: Request, res: Response) => Promise<void>;

/** Placeholders of ids that are another's to give: a site's, of its people. */
export const IDS_OF_OTHERS = ['provider_id'];

export interface RouteDefinition {
  /** As OpenAPI calls the operation. */
  name: string;
  /** `GET /...` or `POST /...` with `:placeholders`. */
  route: string;
  summary: string;
  /** `anyone`: without a token too, where what is asked about is public. */
  roles: readonly Role[] | 'anyone';
  /** It answers a token that this installation signs: switched off where an identity provider signs them. */
  yieldsToken?: true;
  /** Boards may ask too, each as nobody in particular of its institution. */
  boards?: true;
  /** The schema of its query string, where it takes one. */
  query?: z.ZodObject;
  /** The schema of its body, where it takes one: one with a name. */
  body?: z.ZodObject;
  /** The name of what it takes in, where that is a file: by itself as this type, or as `file` of a form. */
  file?: { name: string; media_type: string; max_bytes: number; example: string };
  /** Of what it answers with, where that is not JSON. */
  media_type?: string;
  /** The schema of the answer, where that is JSON: one with a name. */
  answer?: z.ZodType;
  /** With which it is answered, where that is not 200. */
  status?: 202;
  /** The same of 202, where the answer takes longer; alone, where it always does. */
  accepted?: z.ZodType;
  /** Codes it may be refused with besides those of the door. */
  rejects: readonly (ProblemCode | keyof typeof feedProblems | keyof typeof behaviourProblems)[];
  serve(context: ApiContext): Serve;
}

export function defineRoute(definition: RouteDefinition): RouteDefinition {
  return definition;
}
