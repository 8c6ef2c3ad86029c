/** Visitors of a benchmark of the door, in a process of their own: a closed loop, each request from another address. */
import { type Asked, createAsking, visitorHeaders } from './asking.ts';

export interface VisitPlan extends Pick<Asked, 'method' | 'url'> {
  seconds: number;
  /** What every answer is to be; others are counted apart. */
  status: number;
}

export interface Visited {
  kind: 'visited';
  per_second: number;
  others: number;
}

const CONNECTIONS = 16;
/** Each of them comes again only after so many others: no rule is met. */
const VISITORS = 100_000;

const { ask } = createAsking(CONNECTIONS);
let asked = 0;

process.on('message', (plan: VisitPlan) => void visit(plan).then((visited) => process.send!(visited)));

async function visit({ method, url, seconds, status }: VisitPlan): Promise<Visited> {
  const began = performance.now();
  const ends = began + seconds * 1_000;
  let [answered, others] = [0, 0];
  const loop = async () => {
    while (performance.now() < ends) {
      asked += 1;
      const told = await ask({
        method,
        url,
        headers: visitorHeaders(asked % VISITORS),
        ...(method === 'POST' && { body: {} }),
      });
      if (told.status === status) answered += 1;
      else others += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, loop));
  return { kind: 'visited', others, per_second: (answered * 1_000) / (performance.now() - began) };
}
