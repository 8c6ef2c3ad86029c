/**
 * A request and its whole answer, over connections that are kept. `fetch` can more than that, which costs four times as much
 * of the processor: more than what most requests of tests ask for.
 */
import { Agent, request } from 'node:http';

export interface Told {
  status: number;
  headers: Headers;
  text: string;
}

export interface Request {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** Shorter than servers of ours keep a connection: none is ended just as the next request is sent on it. */
const KEPT_MS = 2_000;
const agent = new Agent({ keepAlive: true, timeout: KEPT_MS });

/** @throws like `fetch`: the cause has the code of the connection's fault */
export function ask(url: string, { method, headers, body }: Request): Promise<Told> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(new TypeError('fetch failed', { cause }));
    const length = body === undefined ? undefined : { 'content-length': `${Buffer.byteLength(body)}` };
    const usual = { accept: '*/*', 'user-agent': 'node', ...length };
    const asked = request(url, { agent, method, headers: { ...usual, ...headers } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        text += piece;
      });
      answer.on('error', fail);
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: headersOf(answer.rawHeaders), text }));
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

function headersOf(raw: string[]): Headers {
  const headers = new Headers();
  for (let i = 0; i < raw.length; i += 2) headers.append(raw[i]!, raw[i + 1]!);
  return headers;
}
