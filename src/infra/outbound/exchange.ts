/** One request and its answer, redirects included: to the same origin alone, and from there on without the token. */
import { type Dispatcher, request } from 'undici';
import { OutboundError } from '../../core/definitions/outbound.ts';
import { readBody } from './body.ts';
import { errorOfStatus, retryAfterOf } from './faults.ts';

export interface Asked {
  method: 'GET' | 'POST';
  url: URL;
  /** The value of the header, for the origin of this URL. */
  authorization?: string | undefined;
  /** What this process has already. */
  etag?: string | undefined;
  /** JSON. */
  body?: string;
}

export interface Answered {
  /** Nothing has changed since the ETag. */
  unchanged: boolean;
  text: string;
  etag: string | undefined;
  link: string | undefined;
}

export interface ExchangeLimits {
  whole_ms: number;
  most_bytes: number;
}

const MOST_REDIRECTS = 3;
const MOST_DUMPED_BYTES = 16 * 1024;
const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_ETAG = 512;
const USUAL_HEADERS = {
  accept: 'application/json, text/csv;q=0.9, */*;q=0.1',
  'accept-encoding': 'gzip',
  'user-agent': 'plearoll',
};

/** @throws OutboundError, or what the connection threw */
export async function exchange(dispatcher: Dispatcher, asked: Asked, limits: ExchangeLimits): Promise<Answered> {
  const signal = AbortSignal.timeout(limits.whole_ms);
  try {
    return await exchangeUntil(signal, dispatcher, asked, limits);
  } catch (fault) {
    // What is cut off fails in one way or another.
    throw signal.aborted ? new OutboundError('timeout') : fault;
  }
}

async function exchangeUntil(
  signal: AbortSignal,
  dispatcher: Dispatcher,
  asked: Asked,
  limits: ExchangeLimits,
): Promise<Answered> {
  let { url } = asked;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const answer = await request(url, {
      dispatcher,
      method: asked.method,
      headers: headersOf(asked, hop),
      body: asked.body ?? null,
      signal,
      // The signal is for all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { statusCode: status, body } = answer;
    const header = (name: string) => [answer.headers[name]].flat()[0];
    if (status >= 200 && status < 300) {
      const text = await readBody(body, header('content-encoding'), limits.most_bytes);
      const etag = header('etag');
      // Whatever a redirect leads to today is not kept under the path that was asked for.
      const isKept = hop === 0 && etag !== undefined && etag.length <= MOST_ETAG;
      return { unchanged: false, text, etag: isKept ? etag : undefined, link: header('link') };
    }
    await body.dump({ limit: MOST_DUMPED_BYTES });
    if (status === 304 && asked.etag !== undefined && hop === 0)
      return { unchanged: true, text: '', etag: asked.etag, link: undefined };
    if (!REDIRECTS.includes(status)) throw errorOfStatus(status, retryAfterOf(header('retry-after'), Date.now()));
    url = redirectedTo(header('location'), url, asked);
  }
  throw new OutboundError('redirected');
}

function headersOf({ authorization, etag, body }: Asked, hop: number): Record<string, string> {
  return {
    ...USUAL_HEADERS,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(authorization !== undefined && hop === 0 && { authorization }),
    ...(etag !== undefined && hop === 0 && { 'if-none-match': etag }),
  };
}

function redirectedTo(location: string | undefined, from: URL, { method }: Asked): URL {
  const to = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isFollowed =
    method === 'GET' && to !== undefined && to.origin === from.origin && to.username === '' && to.password === '';
  if (!isFollowed) throw new OutboundError('redirected');
  return to;
}
