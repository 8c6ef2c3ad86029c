/**
 * What an operator reads tells nothing about people and opens nothing: values under telling names are left out, and
 * e-mail addresses, telephone numbers, network addresses and tokens are masked in every text, wherever they stand.
 * Here stand the names of what requests, jobs and the record are made of; those of private texts are given at start.
 */
import { isIPv6 } from 'node:net';

const TELLING_NAME =
  /^(authorization|cookie|set-cookie|.*token|.*ticket|.*secret|.*password|e_?mail|phone|ip|(remote|local)?_?address|input|payload|payload_salt|args)$/i;
const MAX_LEVELS = 12;
const OMITTED = '[redacted]';

const EMAIL = /[^\s@"'<>()[\],;:=/]{1,64}(?:@|%40)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/giu;
const CREDENTIALS = /(\/\/[^\s/:@]{0,128}:)[^\s/@]{1,256}@/g;
// Bounded: many beginnings of one without its dot must not cost their square.
const JWT = /\beyJ[\w-]{4,2048}\.[\w-]+(?:\.[\w-]*)?/g;
const BEARER = /\bbearer\s+[\w~+/.=-]{8,}/gi;
const QUERY = /([?&](?:[a-z_]*token|[a-z_]*ticket|secret|password)=)[^&\s"'#]+/gi;
const IPV4 = /(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)/g;
/** What may be one; node:net has the last word, because times of day and positions in files look alike. */
const IPV6 = /(?<![\w:.])[\da-f]{0,4}(?::[\da-f]{0,4}){2,8}(?:\.\d{1,3}){0,3}(?!\w)/gi;
/** With a plus sign; in the usual groups; or a run of 9 to 15 digits that stands alone. Never a part of a uuid or a date. */
const PHONE =
  /\+\d[\d\s().-]{5,18}\d|(?<![\w.:-])(?:\(\d{2,5}\)[\s.-]?\d{3,4}[\s.-]?\d{3,4}|\d{3,5}[\s.-]\d{3,4}[\s.-]\d{3,4}|0\d(?:[\s.-]\d{2}){4}|\d{9,15})(?![\w:-]|\.\d)/g;

/** A URL without its password; whose else it is, and where it leads, may be read. */
export function maskPasswords(text: string): string {
  return text.replace(CREDENTIALS, '$1[secret]@');
}

/** The text without what must not be read. */
export function maskText(text: string): string {
  let masked = text;
  if (/@|%40/.test(masked)) masked = maskPasswords(masked).replace(EMAIL, '[email]');
  if (masked.includes('eyJ')) masked = masked.replace(JWT, '[token]');
  if (/bearer/i.test(masked)) masked = masked.replace(BEARER, 'Bearer [token]');
  if (masked.includes('=')) masked = masked.replace(QUERY, '$1[token]');
  if (masked.includes(':')) masked = masked.replace(IPV6, maskIfAddress);
  return /\d/.test(masked) ? masked.replace(IPV4, '[address]').replace(PHONE, '[phone]') : masked;
}

function maskIfAddress(found: string): string {
  if (isIPv6(found)) return '[address]';
  return found.endsWith(':') && isIPv6(found.slice(0, -1)) ? '[address]:' : found;
}

export type Redact = (value: unknown, mask?: (text: string) => string) => unknown;

/** The same for everything in a JSON value, names included. @param privateNames of fields whose values are omitted too */
export function createRedact(privateNames: readonly string[]): Redact {
  const omitted = new Set(privateNames.map((name) => name.toLowerCase()));
  const isOmitted = (name: string, whole: object) =>
    TELLING_NAME.test(name) || omitted.has(name.toLowerCase()) || (name === 'name' && isPerson(whole));

  function redact(value: unknown, mask: (text: string) => string, levels: number): unknown {
    if (typeof value === 'string') return mask(value);
    if (typeof value !== 'object' || value === null) return value;
    if (levels === 0) return OMITTED;
    if (Array.isArray(value)) return value.map((item) => redact(item, mask, levels - 1));
    const masked: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      const isTold = item === null || item === undefined || !isOmitted(name, value);
      masked[mask(name)] = isTold ? redact(item, mask, levels - 1) : OMITTED;
    }
    return masked;
  }

  return (value, mask = maskText) => redact(value, mask, MAX_LEVELS);
}

/** Elsewhere a name is a command's, a queue's or a table's. */
function isPerson(whole: object): boolean {
  return 'user_id' in whole;
}
