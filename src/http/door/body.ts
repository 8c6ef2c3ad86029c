/**
 * Reading a JSON body. Beyond being JSON, it must hold nothing that the record could not: numbers are integers within
 * 2^53-1, text is well-formed and free of U+0000, and no key is `__proto__`. Every fault is named by its JSON pointer.
 */
import express, { type Request, type Response } from 'express';
import type { z } from 'zod';
import type { InputError } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem, type ProblemCode } from '../../core/definitions/problem.ts';
import { addFault, demandValid, type FaultList, listFaults, MAX_FAULTS, pointTo } from './inputErrors.ts';
import { nearestOf, wordsFor } from './words.ts';

const LIMIT_BYTES = 64 * 1024;
const MAX_LEVELS = 32;
const raw = express.raw({ type: () => true, limit: LIMIT_BYTES });
const utf8 = new TextDecoder('utf-8', { fatal: true });

const READ_PROBLEMS: Record<string, ProblemCode> = {
  'entity.too.large': 'too_large',
  'encoding.unsupported': 'unsupported_type',
  'charset.unsupported': 'unsupported_type',
};

/** The body as JSON; `{}` where there is none. @throws {Problem} 413, 415 or 400, in this order */
export async function readJson(req: Request, res: Response): Promise<unknown> {
  await new Promise<void>((resolve, reject) => {
    raw(req, res, (error?: { type?: string; message: string }) => {
      if (!error) resolve();
      else reject(new Problem(READ_PROBLEMS[error.type ?? ''] ?? 'malformed_json', `${error.message}.`));
    });
  });
  const bytes: Buffer | undefined = req.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return {};
  const type = req.headers['content-type'] ?? '';
  if (!/^application\/json *(; *charset="?utf-8"?)? *$/i.test(type)) {
    throw new Problem('unsupported_type', 'Send Content-Type: application/json in UTF-8.');
  }
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new Problem('malformed_json', (error as Error).message);
  }
}

/** Where in a body something is. It becomes a pointer where a fault is told: of nearly all that is sent there is nothing to say. */
interface Place {
  within: Place | undefined;
  key: string;
}

function pointerOf(place: Place | undefined): string {
  return place ? pointTo(pointerOf(place.within), place.key) : '';
}

function addFaultAt(list: FaultList, place: Place | undefined, detail: string): void {
  // What is only counted needs no pointer.
  addFault(list, list.errors.length < MAX_FAULTS ? pointerOf(place) : '', detail);
}

/**
 * Everything in the value that the record could not hold. Below `levels` it is not looked at: no schema lets anything
 * through that is so deep, and a walk without end would exhaust the stack.
 */
function addProfileFaults(
  list: FaultList,
  value: unknown,
  fractions: boolean,
  place?: Place,
  levels = MAX_LEVELS,
): void {
  if (typeof value === 'number' && !fractions && !Number.isSafeInteger(value)) {
    addFaultAt(list, place, 'numbers are integers within 2^53-1');
  }
  if (typeof value === 'string') addTextFault(list, value, place);
  if (typeof value !== 'object' || value === null || levels === 0) return;
  for (const [key, item] of Object.entries(value)) {
    const at = { within: place, key };
    if (key === '__proto__') addFaultAt(list, at, 'no key is called __proto__');
    if (!Array.isArray(value)) addTextFault(list, key, at);
    addProfileFaults(list, item, fractions, at, levels - 1);
  }
}

function addTextFault(list: FaultList, text: string, place: Place | undefined): void {
  if (!text.isWellFormed()) addFaultAt(list, place, 'text must not hold a lone surrogate');
  else if (text.includes('\u0000')) addFaultAt(list, place, 'text must not hold U+0000');
}

/** What a schema finds wrong with a whole input. */
export function addFaultsOf(list: FaultList, issues: readonly z.core.$ZodIssue[], schema: z.ZodObject): void {
  addSchemaFaults(list, issues, '', Object.keys(schema.shape));
}

/** zod's issues as faults; each unknown field is named on its own, with the one that was meant, among those at the root. */
function addSchemaFaults(
  list: FaultList,
  issues: readonly z.core.$ZodIssue[],
  prefix: string,
  known: readonly string[] = [],
): void {
  for (const issue of issues) {
    const pointer = issue.path.reduce<string>((at, key) => pointTo(at, String(key)), prefix);
    const meant = issue.code === 'invalid_union' ? meantShape(issue.errors) : undefined;
    if (meant) addSchemaFaults(list, meant, pointer);
    else if (issue.code !== 'unrecognized_keys') addFault(list, pointer, issue.message);
    else {
      for (const key of issue.keys) {
        // What is only counted needs no words.
        const isTold = issue.path.length === 0 && list.errors.length < MAX_FAULTS;
        addFault(list, pointTo(pointer, key), unknownField(key, isTold ? known : []));
      }
    }
  }
}

function unknownField(key: string, known: readonly string[]): string {
  const meant = nearestOf(known, key);
  return meant === undefined ? 'unknown field' : `unknown field; did you mean ${meant}?`;
}

/** Of several shapes the one that was meant is the one that fits at its root, or else the closed list. */
function meantShape(shapes: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const fitting = shapes.find((issues) =>
    issues.every(({ path, code }) => path.length > 0 || (code !== 'invalid_type' && code !== 'invalid_value')),
  );
  return fitting ?? shapes.find((issues) => issues.some(({ code }) => code === 'invalid_value'));
}

/** The body against its schema. @param fractions numbers need not be integers: none is recorded. @throws {Problem} 422 */
export function parseBody(
  body: unknown,
  schema: z.ZodObject,
  faults: readonly InputError[],
  fractions = false,
): JsonObject {
  const list = listFaults(faults);
  addProfileFaults(list, body, fractions);
  const parsed = schema.safeParse(body, { error: wordsFor });
  if (!parsed.success) addFaultsOf(list, parsed.error.issues, schema);
  demandValid(list);
  return parsed.data as JsonObject;
}
