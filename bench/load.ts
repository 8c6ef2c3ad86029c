/**
 * The load generator, forked so that its work is nobody else's: a closed loop of log commands on so many connections,
 * each going through all sessions, or its share of them, in an order of its own. It warms up, says when it begins to measure, and reports.
 */
import { randomInt } from 'node:crypto';
import autocannon, { type Client, type Request, type Result } from 'autocannon';
import type { Docket } from './grounds.ts';

export interface LoadPlan {
  url: string;
  dockets: Docket[];
  connections: number;
  /** Answers to wait for before measuring begins. */
  warm_commands: number;
  seconds: number;
}

export type LoadMessage = { kind: 'measuring' } | { kind: 'measured'; latencies_ms: number[] } | LoadEnd;

/** Counts of the whole run, warming up included. */
export interface LoadEnd {
  kind: 'ended';
  answered: number;
  failures: Record<string, number>;
}

const LOOK_EVERY_MS = 50;
const MOST_SECONDS = 600;
/** Sessions through which every connection goes. */
const MOST_EACH = 1_000;

process.once('message', (plan: LoadPlan) => void generate(plan));

function generate({ url, dockets, connections, warm_commands, seconds }: LoadPlan): void {
  const latencies_ms: number[] = [];
  let answers = 0;
  let measuring = false;
  const shares = sharesOf(dockets, connections);
  const setupClient = (client: Client) => client.setRequests(shuffled(shares.shift() ?? dockets).map(requestOf));
  const run = autocannon({ url, connections, duration: MOST_SECONDS, sampleInt: LOOK_EVERY_MS, setupClient }, end);
  run.on('response', (_client, _status, _bytes, duration_ms) => {
    answers += 1;
    if (answers === warm_commands) begin();
    else if (measuring) latencies_ms.push(duration_ms);
  });

  function begin(): void {
    measuring = true;
    say({ kind: 'measuring' });
    setTimeout(() => {
      measuring = false;
      say({ kind: 'measured', latencies_ms });
      run.stop();
    }, seconds * 1_000);
  }
}

/** Where there are many sessions, each belongs to one connection: so many requests could not be held for each. */
function sharesOf(dockets: Docket[], connections: number): Docket[][] {
  if (dockets.length <= MOST_EACH) return [];
  return Array.from({ length: connections }, (_, n) => dockets.filter((_, i) => i % connections === n));
}

function end(error: Error | null, { errors, statusCodeStats }: Result): void {
  if (error) throw error;
  const { 200: applied, ...others } = statusCodeStats;
  const failures = Object.fromEntries(Object.entries(others).map(([status, { count }]) => [status, count]));
  if (errors > 0) failures.connection = errors;
  say({ kind: 'ended', answered: applied?.count ?? 0, failures });
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
