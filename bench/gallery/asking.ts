/** Requests of visitors without a token, each from an address of its own as a trusted proxy would say it. */
import { Agent, request } from 'node:http';

export interface Asked {
  method: 'GET' | 'POST';
  url: string;
  /** The address and the browser that it comes from. */
  headers: Record<string, string>;
  body?: object;
}

export interface Told {
  status: number;
  text: string;
}

const WITHIN_MS = 20_000;

export function createAsking(connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  /** @returns status 0 where no answer came in time */
  function ask({ method, url, headers, body }: Asked): Promise<Told> {
    const bytes = body && Buffer.from(JSON.stringify(body));
    const sized = bytes && { 'content-type': 'application/json', 'content-length': bytes.length };
    return new Promise((resolve) => {
      const asked = request(url, { method, agent, headers: { ...headers, ...sized }, timeout: WITHIN_MS }, (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        res.on('end', () => resolve({ status: res.statusCode!, text }));
      });
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => resolve({ status: 0, text: '' }));
      asked.end(bytes);
    });
  }

  return { ask, close: () => agent.destroy() };
}

/** The nth visitor, one of 16 million. */
export function visitorHeaders(n: number): Record<string, string> {
  const address = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  return { 'x-forwarded-for': address, 'x-browser-fingerprint': `browser ${n}` };
}
