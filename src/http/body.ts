/**
 * Reading a JSON body. Beyond being JSON, it must hold nothing that the record could not: numbers are integers within
 * 2^53-1, text is well-formed and free of U+0000, and no key is `__proto__`. Every fault is named by its JSON pointer.
 */
import express, { type Request, type Response } from 'express';
import type { z } from 'zod';
import type { InputFault } from '../core/command.ts';
import type { JsonObject } from '../core/event.ts';
import { Problem, type ProblemCode } from '../core/problem.ts';

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

/**
 * Everything in the value that the record could not hold. Below `levels` it is not looked at: no schema lets anything
 * through that is so deep, and a walk without end would exhaust the stack.
 */
export function profileFaults(value: unknown, pointer = '', levels = MAX_LEVELS): InputFault[] {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? [] : [{ pointer, detail: 'numbers are integers within 2^53-1' }];
  }
  if (typeof value === 'string') return textFaults(value, pointer);
  if (typeof value !== 'object' || value === null || levels === 0) return [];
  const faults: InputFault[] = [];
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}/${escapeKey(key)}`;
    if (key === '__proto__') faults.push({ pointer: at, detail: 'no key is called __proto__' });
    if (!Array.isArray(value)) faults.push(...textFaults(key, at));
    faults.push(...profileFaults(item, at, levels - 1));
  }
  return faults;
}

function textFaults(text: string, pointer: string): InputFault[] {
  if (!text.isWellFormed()) return [{ pointer, detail: 'text must not hold a lone surrogate' }];
  return text.includes('\u0000') ? [{ pointer, detail: 'text must not hold U+0000' }] : [];
}

/** zod's issues as faults; each unknown field is named on its own. */
export function schemaFaults(error: z.ZodError, prefix = ''): InputFault[] {
  return error.issues.flatMap((issue) => {
    const pointer = prefix + issue.path.map((key) => `/${escapeKey(String(key))}`).join('');
    if (issue.code === 'invalid_union') {
      // Of several shapes the one that was meant is the one that fits at its root.
      const meant = issue.errors.find((issues) =>
        issues.every(({ path, code }) => path.length > 0 || (code !== 'invalid_type' && code !== 'invalid_value')),
      );
      if (meant) return schemaFaults({ issues: meant } as unknown as z.ZodError, pointer);
    }
    if (issue.code !== 'unrecognized_keys') return [{ pointer, detail: issue.message }];
    return issue.keys.map((key) => ({ pointer: `${pointer}/${escapeKey(key)}`, detail: 'unknown field' }));
  });
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** @throws {Problem} 422 that lists them, when there are any */
export function refuseFaults(faults: InputFault[]): void {
  if (faults.length === 0) return;
  const [{ pointer, detail }] = faults as [InputFault];
  throw new Problem('validation_failed', `${pointer || 'The body'}: ${detail}.`, { errors: faults });
}

/** The body against its schema. @throws {Problem} 422 with every fault */
export function parseBody(body: unknown, schema: z.ZodObject, faults: InputFault[]): JsonObject {
  const found = [...faults, ...profileFaults(body)];
  const parsed = schema.safeParse(body);
  if (!parsed.success) found.push(...schemaFaults(parsed.error));
  refuseFaults(found);
  return parsed.data as JsonObject;
}
