/**
 * The load generator, forked so that its work is nobody else's: a closed loop of log commands on so many connections,
 * each going through all sessions in an order of its own. It warms the server up, says when it begins to measure, and
 * reports.
 */
import { randomInt } from 'node:crypto';
import autocannon, { type Request } from 'autocannon';
import type { Docket } from './grounds.ts';

export interface LoadPlan {
  url: string;
  dockets: Docket[];
  connections: number;
  warm_seconds: number;
  seconds: number;
}

export type LoadMessage = { kind: 'measuring' } | { kind: 'measured'; latencies_ms: number[] } | LoadEnd;

/** Counts of the whole run, the time of warming up included. */
export interface LoadEnd {
  kind: 'ended';
  answered: number;
  failures: Record<string, number>;
}

const LOOK_EVERY_MS = 50;

process.once('message', (plan: LoadPlan) => void generate(plan));

function generate({ url, dockets, connections, warm_seconds, seconds }: LoadPlan): void {
  const latencies_ms: number[] = [];
  let measuring = false;
  const run = autocannon(
    {
      url,
      connections,
      duration: warm_seconds + seconds + 60,
      sampleInt: LOOK_EVERY_MS,
      setupClient: (client) => client.setRequests(shuffled(dockets).map(requestOf)),
    },
    (error, { errors, statusCodeStats }) => {
      if (error) throw error;
      const { 200: applied, ...others } = statusCodeStats;
      const failures = Object.fromEntries(Object.entries(others).map(([status, { count }]) => [status, count]));
      if (errors > 0) failures.connection = errors;
      say({ kind: 'ended', answered: applied?.count ?? 0, failures });
    },
  );
  run.on('response', (_client, _status, _bytes, duration_ms) => {
    if (measuring) latencies_ms.push(duration_ms);
  });
  setTimeout(() => {
    measuring = true;
    say({ kind: 'measuring' });
  }, warm_seconds * 1_000);
  setTimeout(
    () => {
      measuring = false;
      say({ kind: 'measured', latencies_ms });
      run.stop();
    },
    (warm_seconds + seconds) * 1_000,
  );
}

function say(message: LoadMessage): void {
  process.send!(message);
}

function requestOf({ session_id, token }: Docket, i: number): Request {
  return {
    method: 'POST',
    path: `/api/session/${session_id}/log`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      event_type: 'BENCH_ENTRY',
      details: {
        speaker: 'petitioner',
        page: i,
        text: 'May it please the court: the berth was closed without notice.',
      },
    }),
  };
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = randomInt(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
