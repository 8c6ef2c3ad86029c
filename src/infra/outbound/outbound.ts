/**
 * The way out of a process that asks servers of others: one pool of connections, one memory of ETags, and at most a few
 * requests under way for each origin. Proxies named by the environment are not used: they would connect to addresses that
 * nobody has checked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { Agent } from 'undici';
import { type Outbound, OutboundError, type Reading, type Received } from '../../core/definitions/outbound.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { timings } from '../timings.ts';
import { parseBaseUrl } from './baseUrl.ts';
import { createConnector, type Resolve, resolveName } from './connector.ts';
import { type Answered, type Asked, exchange } from './exchange.ts';
import { outboundErrorOf, outcomeOf, waitAfter } from './faults.ts';
import type { Networks } from './networks.ts';
import { isWithin, nextPageOf } from './nextPage.ts';
import { createTurns } from './takeTurns.ts';

/** Asked before each request of a feed, and told after it. */
export interface Gate {
  /** @throws OutboundError where the request is not to be made now */
  enter(): Promise<void>;
  leave(sample: { latency_ms: number; outcome: 'ok' | 'limited' | 'failed' }): Promise<void>;
}

export interface Way {
  feed_id: string;
  base_url: string;
  /** The header's value; sent to the origin of the base URL alone. */
  authorization?: string | undefined;
  gate?: Gate;
}

export interface Outbounds {
  /** @throws OutboundError `refused_url` */
  open(way: Way): Outbound;
  /** Ends what is under way. */
  close(): Promise<void>;
}

export interface OutboundsOptions {
  networks: Networks;
  metrics: Pick<Metrics, 'outboundRequests' | 'outboundSeconds'>;
  resolve?: Resolve;
  /** Certificates in place of those that Node trusts, in PEM form. */
  ca?: string;
  waits?: typeof timings.outbound;
  most_bytes?: number;
}

/** What was made of an answer, for as long as the server says that it is still so. */
interface Kept {
  reading: Reading<unknown>;
  value: unknown;
  etag: string;
  next: string | undefined;
}

interface Page<T> extends Received<T> {
  next: URL | undefined;
}

const ATTEMPTS = 2;
const AT_ONCE = 4;
const MOST_WAITING = 50;
const MOST_BYTES = 8 * 1024 * 1024;
/** Characters of the answers that were read; what was made of them is smaller. */
const MOST_KEPT = 64 * 1024 * 1024;
const MOST_PAGES = 50;
const MOST_ITEMS = 10_000;

export function createOutbounds(options: OutboundsOptions): Outbounds {
  const { networks, metrics, resolve = resolveName, ca, waits = timings.outbound, most_bytes = MOST_BYTES } = options;
  const { connect_ms, whole_ms } = waits;
  const dispatcher = new Agent({
    connect: createConnector({ networks, resolve, connect_ms, ca }),
    connections: AT_ONCE,
    pipelining: 1,
    maxHeaderSize: 32 * 1024,
  });
  const kept = new LRUCache<string, Kept>({ maxSize: MOST_KEPT });
  const taking = createTurns(AT_ONCE, MOST_WAITING);
  const closing = new AbortController();

  async function once<T>({ gate }: Way, asked: Asked, take: Take<T>): Promise<T> {
    await gate?.enter();
    const started = performance.now();
    let outcome: string = 'ok';
    let error: OutboundError | undefined;
    try {
      const answered = await exchange(dispatcher, asked, { whole_ms, most_bytes });
      if (answered.unchanged) outcome = 'unchanged';
      return take(answered);
    } catch (fault) {
      error = outboundErrorOf(fault);
      outcome = error.code;
      throw error;
    } finally {
      const latency_ms = Math.round(performance.now() - started);
      metrics.outboundSeconds.observe(latency_ms / 1_000);
      metrics.outboundRequests.inc({ outcome });
      await gate?.leave({ latency_ms, outcome: outcomeOf(error) });
    }
  }

  /** @param attempts 1 where a second could do again what the first has done */
  async function ask<T>(way: Way, asked: Asked, attempts: number, take: Take<T>): Promise<T> {
    return taking(asked.url.origin, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(way, asked, take);
        } catch (fault) {
          const wait_ms = fault instanceof OutboundError ? waitAfter(fault) : undefined;
          if (attempt >= attempts || wait_ms === undefined || closing.signal.aborted) throw fault;
          await sleep(Math.min(wait_ms, waits.most_wait_ms), undefined, { signal: closing.signal }).catch(() => {});
        }
      }
    });
  }

  async function page<T>(way: Way, url: URL, base: URL, reading: Reading<T>): Promise<Page<T>> {
    const key = `${way.feed_id} ${url.href}`;
    const before = kept.get(key);
    const known = before?.reading === reading ? before : undefined;
    const asked: Asked = { method: 'GET', url, authorization: way.authorization, etag: known?.etag };
    return ask(way, asked, ATTEMPTS, ({ unchanged, text, etag, link }) => {
      if (unchanged) return { value: known!.value as T, unchanged, next: nextOf(known!.next) };
      const next = nextPageOf(link, url, base);
      const value = readWith(reading, text);
      if (etag === undefined) kept.delete(key);
      else kept.set(key, { reading, value, etag, next: next?.href }, { size: text.length + key.length });
      return { value, unchanged, next };
    });
  }

  return {
    open: (way) => wayOut(way, page, ask),
    async close() {
      closing.abort();
      await dispatcher.destroy();
    },
  };
}

/** Makes of an answer what is wanted of it: one that cannot be read has failed like one that never came. */
type Take<T> = (answered: Answered) => T;
type AskPage = <T>(way: Way, url: URL, base: URL, reading: Reading<T>) => Promise<Page<T>>;
type Ask = <T>(way: Way, asked: Asked, attempts: number, take: Take<T>) => Promise<T>;

function wayOut(way: Way, page: AskPage, ask: Ask): Outbound {
  const base = parseBaseUrl(way.base_url);
  const urlOf = (path: string) => {
    const href = `${base.href.replace(/\/+$/, '')}${path}`;
    const url = /^\/(?!\/)/.test(path) && URL.canParse(href) ? new URL(href) : undefined;
    if (url === undefined || !isWithin(url, base)) throw new OutboundError('refused_url');
    return url;
  };
  return {
    async get(path, reading) {
      const { value, unchanged } = await page(way, urlOf(path), base, reading);
      return { value, unchanged };
    },
    async list<T>(path: string, reading: Reading<T[]>) {
      const value: T[] = [];
      const seen = new Set<string>();
      let unchanged = true;
      for (let url: URL | undefined = urlOf(path); url !== undefined; ) {
        if (seen.has(url.href) || seen.size >= MOST_PAGES) throw new OutboundError('endless_pages');
        seen.add(url.href);
        const one: Page<T[]> = await page(way, url, base, reading);
        if (value.length + one.value.length > MOST_ITEMS) throw new OutboundError('endless_pages');
        for (const item of one.value) value.push(item);
        unchanged &&= one.unchanged;
        url = one.next;
      }
      return { value, unchanged };
    },
    async post(path, body, reading) {
      const { authorization } = way;
      const asked: Asked = { method: 'POST', url: urlOf(path), authorization, body: JSON.stringify(body) };
      return ask(way, asked, 1, ({ text }) => readWith(reading, text));
    },
  };
}

const nextOf = (href: string | undefined) => (href === undefined ? undefined : new URL(href));

/** What a reading throws may quote the answer. */
function readWith<T>(reading: Reading<T>, text: string): T {
  try {
    return reading(text);
  } catch (fault) {
    throw fault instanceof OutboundError ? fault : new OutboundError('unreadable');
  }
}
