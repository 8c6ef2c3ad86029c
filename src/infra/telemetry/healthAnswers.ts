/** What every process answers about itself: the same on Express and on a plain server. None of it waits for anything. */
import { isEnough, type Probe } from './probe.ts';

export interface HealthAnswer {
  status: 200 | 503;
  body: object;
}

/** By path, from the query string. A balancer that wants no API without Redis asks for `/health?require=redis`. */
export type HealthAnswers = { readonly [path: string]: (query: { require?: unknown }) => HealthAnswer };

export function healthAnswers(probe: Probe): HealthAnswers {
  return {
    '/health': (query) => {
      const body = probe.health();
      return { status: isEnough(body, query.require) ? 200 : 503, body };
    },
    '/ready': () => {
      const ready = probe.isReady();
      return { status: ready ? 200 : 503, body: { ready } };
    },
    // That it is answered is the answer.
    '/livez': () => ({ status: 200, body: { alive: true } }),
  };
}
