/** What goes wrong on the way, as codes of a closed list: messages of libraries and servers may quote what is secret. */
import { type OutboundCode, OutboundError } from '../../core/definitions/outbound.ts';

const TIMEOUTS = /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT|ESOCKETTIMEDOUT)$/;
const NAMES = /^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/;
const CERTIFICATES =
  /^(ERR_TLS_\w+|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|HOSTNAME_MISMATCH|INVALID_CA|ERR_SSL_\w+)$/;
const SIZES = /^UND_ERR_(RES_EXCEEDED_MAX_SIZE|HEADERS_OVERFLOW)$/;

/** Whatever was thrown on the way of a request. */
export function outboundErrorOf(fault: unknown): OutboundError {
  if (fault instanceof OutboundError) return fault;
  const { name, code = '', cause } = fault as NodeJS.ErrnoException & { cause?: unknown };
  if (cause instanceof OutboundError) return cause;
  if (name === 'TimeoutError' || name === 'AbortError' || TIMEOUTS.test(code)) return new OutboundError('timeout');
  if (NAMES.test(code)) return new OutboundError('unresolved');
  if (CERTIFICATES.test(code)) return new OutboundError('certificate');
  if (SIZES.test(code)) return new OutboundError('too_large');
  return new OutboundError('unreachable');
}

/** What was thrown while a connection was made: whatever was to be asked over it has not left. */
export function unsentErrorOf(fault: unknown): OutboundError {
  return new OutboundError(outboundErrorOf(fault).code, { isUnsent: true });
}

/** @param retry_after_ms as the server asks for */
export function errorOfStatus(status: number, retry_after_ms: number | undefined): OutboundError {
  return new OutboundError(codeOf(status), { status, ...(retry_after_ms !== undefined && { retry_after_ms }) });
}

function codeOf(status: number): OutboundCode {
  if (status === 429) return 'rate_limited';
  if (status === 401 || status === 403) return 'not_permitted';
  if (status === 404 || status === 410) return 'not_there';
  return status >= 500 ? 'failing' : 'rejected';
}

const LONGEST_MS = 24 * 3_600_000;

/** Retry-After, in seconds or as a date. @returns undefined where it says nothing that can be kept to */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS);
}

/** How a request that ended so counts for the health of its feed. An answer that is not to our liking is an answer. */
export function outcomeOf(error: OutboundError | undefined): 'ok' | 'limited' | 'failed' {
  if (error === undefined) return 'ok';
  if (error.code === 'rate_limited') return 'limited';
  return ANSWERED.has(error.code) ? 'ok' : 'failed';
}

const ANSWERED: ReadonlySet<OutboundCode> = new Set(['not_permitted', 'not_there', 'rejected', 'redirected']);

/** How long to wait before another try; undefined where there is none. */
export function waitAfter({ code, retry_after_ms }: OutboundError): number | undefined {
  if (!RETRIED.has(code)) return undefined;
  if (retry_after_ms === undefined) return code === 'rate_limited' ? 1_000 : 500;
  return retry_after_ms <= MOST_RETRY_AFTER_MS ? retry_after_ms : undefined;
}

const MOST_RETRY_AFTER_MS = 10_000;
const RETRIED: ReadonlySet<OutboundCode> = new Set(['rate_limited', 'failing', 'timeout', 'unreachable']);
