/** The request headers that steer an answer: Prefer (RFC 7240), If-Match and If-None-Match (RFC 9110), Idempotency-Key. */
import type { Request } from 'express';
import type { InputError } from '../../core/definitions/command.ts';

const DEFAULT_WAIT_SECONDS = 5;
const MAX_WAIT_SECONDS = 30;

export interface Preferences {
  /** How long the answer may wait for the outcome; 0 answers as soon as the command is accepted. */
  wait_ms: number;
  /** The preferences that were honoured, for Preference-Applied. */
  applied: string[];
}

/** Unknown and malformed preferences are ignored, as RFC 7240 asks. */
export function readPreferences(req: Request): Preferences {
  const text = req.headers.prefer;
  const given = (Array.isArray(text) ? text.join(',') : (text ?? ''))
    .split(',')
    .map((item) => item.trim().toLowerCase());
  const respondAsync = given.includes('respond-async');
  const [, seconds] = /^wait *= *"?(\d{1,9})"?/.exec(given.find((item) => item.startsWith('wait')) ?? '') ?? [];
  const wait = Math.min(
    seconds === undefined ? (respondAsync ? 0 : DEFAULT_WAIT_SECONDS) : Number(seconds),
    MAX_WAIT_SECONDS,
  );
  const applied = [...(respondAsync ? ['respond-async'] : []), ...(seconds === undefined ? [] : [`wait=${wait}`])];
  return { wait_ms: wait * 1_000, applied };
}

/** The expected head of `If-Match: "<sequence>"`; null for `*` and where there is none. */
export function readIfMatch(req: Request, faults: InputError[]): number | null {
  const text = req.headers['if-match'];
  if (text === undefined || text.trim() === '*') return null;
  const [, sequence] = /^ *(?:W\/)?"(\d{1,10})" *$/.exec(text) ?? [];
  if (sequence !== undefined && Number(sequence) < 2 ** 31) return Number(sequence);
  faults.push({ pointer: '/If-Match', detail: 'the header is one sequence in quotes, like "42"' });
  return null;
}

/** Has the client this version already? Compared weakly (RFC 9110 13.1.2). @param version with its quotes */
export function isKnown({ headers }: Request, version: string): boolean {
  const tags = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags?.some((tag) => tag === version || tag === '*') ?? false;
}

/** The key without its optional quotes; null where there is none. */
export function readIdempotencyKey(req: Request, faults: InputError[]): string | null {
  const text = req.headers['idempotency-key'];
  if (text === undefined) return null;
  const [, quoted, plain] = /^(?:"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/.exec(String(text)) ?? [];
  const key = quoted ?? plain;
  if (key !== undefined) return key;
  faults.push({ pointer: '/Idempotency-Key', detail: 'the header is 1 to 255 visible ASCII characters' });
  return null;
}
