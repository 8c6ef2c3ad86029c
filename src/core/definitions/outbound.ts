/**
 * Asking a server of others. The client behind this interface is guarded (src/infra/outbound): it goes where it may, takes
 * no more than it can hold, and fails in one of the ways that are listed here, of which none quotes what was answered.
 */

/** What went wrong, and what it means to an operator. */
export const OUTBOUND_FAULTS = {
  refused_url: 'the URL is not one that may be asked: https, a usual port, and no user in it',
  refused_address: 'the name leads to an address that is not public, and that FEED_ALLOWED_NETWORKS does not name',
  unresolved: 'the name leads nowhere',
  unreachable: 'the server cannot be connected to, or hung up',
  certificate: 'the server has a certificate that does not fit',
  timeout: 'the server took too long',
  too_large: 'the answer is larger than is taken',
  unreadable: 'the answer is not what it should be',
  redirected: 'the answer leads elsewhere',
  endless_pages: 'the list leads elsewhere, in a circle, or has too many pages',
  not_permitted: 'the token is missing, wrong, or lacks a permission',
  not_there: 'there is no such thing on that server',
  rate_limited: 'the server asks for fewer requests',
  rejected: 'the server does not take the request',
  failing: 'the server failed',
  busy: 'too many requests wait for that server already',
  breaker_open: 'the server failed too often, and is left alone for a while',
  quota_spent: 'the requests of this minute are spent',
  no_secret: 'the secret is missing, or is of another server',
} as const;

export type OutboundCode = keyof typeof OUTBOUND_FAULTS;

interface Particulars {
  /** What the server answered. */
  status?: number;
  /** Until another try can succeed, as far as that is known. */
  retry_after_ms?: number;
  /** Where it happened, in our own words: names of our fields, never a value. */
  place?: string;
  /** Nothing of the request has left this machine. */
  isUnsent?: boolean;
}

export class OutboundError extends Error {
  readonly code: OutboundCode;
  readonly status: number | undefined;
  readonly retry_after_ms: number | undefined;
  /** Whether that is sure. */
  readonly isUnsent: boolean;

  constructor(code: OutboundCode, { status, retry_after_ms, place, isUnsent = false }: Particulars = {}) {
    super(place === undefined ? OUTBOUND_FAULTS[code] : `${OUTBOUND_FAULTS[code]} (${place})`);
    this.name = 'OutboundError';
    this.code = code;
    this.status = status;
    this.retry_after_ms = retry_after_ms;
    this.isUnsent = isUnsent;
  }
}

/**
 * Makes of an answer's text what is kept of it, and drops the rest. One function for one path: what it made is kept with the
 * ETag. What it throws becomes `unreadable`.
 */
export type Reading<T> = (text: string) => T;

export interface Received<T> {
  value: T;
  /** The server said that nothing has changed since this process asked last. The value is that of then. */
  unchanged: boolean;
}

/** One feed's way out: to its own base URL alone, with its token. */
export interface Outbound {
  /** @param path below the base URL, with its query @throws OutboundError */
  get<T>(path: string, reading: Reading<T>): Promise<Received<T>>;
  /** All pages of a list, by the Link headers of the answers. @throws OutboundError */
  list<T>(path: string, reading: Reading<T[]>): Promise<Received<T[]>>;
  /** Tried once: nobody knows what became of the first try. @throws OutboundError */
  post<T>(path: string, body: unknown, reading: Reading<T>): Promise<T>;
}
