/** Events that the relay did not send, fetched from the API's log a page at a time. */
import type { JsonObject } from '../core/definitions/event.ts';
import { ChainBroken, type VerifiedChain } from './verifiedChain.ts';

/** The API did not give a page. */
export class PageRefused extends Error {
  readonly status: number;
  readonly code: string;
  /** How long the API asks to be left alone. */
  readonly retry_after_ms: number | undefined;

  constructor(status: number, code: string, detail: string, retry_after_ms: number | undefined) {
    super(detail);
    this.name = 'PageRefused';
    this.status = status;
    this.code = code;
    this.retry_after_ms = retry_after_ms;
  }

  /** It will not be given however often it is asked for. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

export interface Pages {
  /** Gives `take` one event after the other until the chain has come to `to`. @throws {PageRefused | ChainBroken} */
  fill(to: number, token: string | undefined, take: (event: unknown) => boolean): Promise<void>;
}

const LIMIT = 1_000;
const ANSWERED_WITHIN_MS = 30_000;

export function createPages(
  api: () => string,
  session: string,
  chain: VerifiedChain,
  fetchPage: typeof fetch,
  signal: AbortSignal,
): Pages {
  async function fill(to: number, token: string | undefined, take: (event: unknown) => boolean): Promise<void> {
    for (let after = positionOf(chain); after < to; after = positionOf(chain)) {
      const page = await read(after + 1, Math.min(to, after + LIMIT), token);
      const { logs } = page;
      if (!Array.isArray(logs) || logs.length === 0) throw new ChainBroken('withheld', after + 1, to);
      for (const event of logs) if (!take(event)) return;
    }
  }

  async function read(start: number, end: number, token: string | undefined): Promise<JsonObject> {
    const query = `start_sequence=${start}&end_sequence=${end}&limit=${LIMIT}`;
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const patience = AbortSignal.any([signal, AbortSignal.timeout(ANSWERED_WITHIN_MS)]);
    const url = `${api()}/api/session/${session}/logs?${query}`;
    const answer = await fetchPage(url, { headers, signal: patience });
    if (answer.ok) return (await answer.json()) as JsonObject;
    const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
    const { code = 'unavailable', detail = `The API answered ${answer.status}.` } = problem;
    throw new PageRefused(answer.status, code, detail, afterOf(answer.headers.get('retry-after')));
  }

  return { fill };
}

function positionOf(chain: VerifiedChain): number {
  return chain.last()?.event_sequence ?? 0;
}

/** The value of a `Retry-After` header, in seconds. */
function afterOf(seconds: string | null): number | undefined {
  return seconds !== null && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1_000 : undefined;
}
