/**
 * What weighs on the system for a while instead of striking once: attackers, strangers' locks and snapshots, keys sent
 * again. Nobody may die of it, nothing may be kept of it, and who has nothing to do with it is served as before.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { mibOf } from '../bench/usage.ts';
import { cast, must, openSession, post } from '../test/support/client.ts';
import type { Target } from './attacker.ts';
import type { Blow, Fault } from './blow.ts';
import { judgeFairness } from './fairness.ts';
import type { Fleet } from './fleet.ts';
import type { Stage } from './stage.ts';

const ATTACK_MS = 8_000;
const LOCK_MS = 20_000;
const SNAPSHOT_MS = 60_000;
const KEYS = 500_000;
const HEALTH_WITHIN_MS = 3_000;
const HEALTH_EVERY_MS = 250;
/** So many answers make a p99 to compare with. */
const CALM_ANSWERS = 500;
/** What a process may hold after it, over what it held before: its heap grows into what it is used to. */
const MOST_KEPT_MIB = 256;

const now = () => performance.now();

interface Burden {
  /** Sessions that have nothing to do with it; all that are there, unless told. */
  bystanders?: string[];
  /** Resolves when it is over. */
  over: Promise<unknown>;
  look?(): Promise<string[]>;
}

function burden(id: string, what: string, lay: (stage: Stage) => Promise<() => Promise<Burden>>): Fault {
  return {
    id,
    what,
    async strike(stage): Promise<Blow> {
      const begin = await lay(stage);
      const calm = now();
      await stage.producers.answered(CALM_ANSWERS);
      const before = inventory(stage.fleet);
      const struck_ms = now();
      const { bystanders = stage.sessions, over, look } = await begin();
      const ended = over.then(() => now());
      ended.catch(() => {});
      const unwell = watchHealth(stage.fleet, ended);
      return {
        struck_ms,
        mend: () => ended,
        async look() {
          const during = { from_ms: struck_ms, to_ms: await ended };
          const span = { from_ms: calm, to_ms: struck_ms };
          const { faults, figures } = judgeFairness(stage.sender.sent, bystanders, span, during);
          console.log(`  ${id}: ${figures}`);
          faults.push(...(await unwell));
          return [...faults, ...compared(before, inventory(stage.fleet)), ...((await look?.()) ?? [])];
        },
      };
    },
  };
}

/** MiB held by each process. */
function inventory(fleet: Fleet): Map<number, { name: string; mib: number }> {
  return new Map(fleet.pids().map(({ name, pid }) => [pid, { name, mib: mibOf(pid) }]));
}

function compared(before: ReturnType<typeof inventory>, after: ReturnType<typeof inventory>): string[] {
  return [...before].flatMap(([pid, { name, mib }]) => {
    const left = after.get(pid);
    if (!left) return [`${name} did not live through it`];
    const kept = Math.round(left.mib - mib);
    return kept > MOST_KEPT_MIB ? [`${name} holds ${kept} MiB more than before`] : [];
  });
}

/** @param attack as the attacker knows it */
function attacked(id: string, attack: string, what: string): Fault {
  return burden(id, what, async (stage) => {
    const target = await openTarget(stage);
    return async () => {
      const attacker = spawn(
        process.execPath,
        [join(import.meta.dirname, 'attacker.js'), attack, JSON.stringify(target)],
        {
          stdio: ['ignore', 'ignore', 'inherit'],
        },
      );
      return { over: endAfter(attacker, ATTACK_MS) };
    };
  });
}

async function endAfter(attacker: ChildProcess, for_ms: number): Promise<void> {
  const ended = once(attacker, 'exit').then(([code]) => {
    throw new Error(`the attacker gave up with ${code}`);
  });
  await Promise.race([ended, sleep(for_ms)]);
  ended.catch(() => {});
  const gone = once(attacker, 'exit');
  attacker.kill('SIGTERM');
  await gone;
}

/** A session of another institution, with some megabytes in it. */
async function openTarget({ fleet }: Stage): Promise<Target> {
  const people = cast();
  const [api] = fleet.urls('api') as [string];
  const [relay] = fleet.urls('relay') as [string];
  const { session_id, path } = await openSession(api, people);
  const text = 'x'.repeat(60_000);
  const key = randomUUID();
  const body = { event_type: 'NOTE', details: { text } };
  await must(post(api, `${path}/log`, people.admin, body, { 'idempotency-key': key }));
  await Promise.all(Array.from({ length: 100 }, () => must(post(api, `${path}/log`, people.admin, body))));
  return { api, relay, session_id, token: people.admin.token, key, body };
}

const locked = burden('row-lock', 'a stranger locks the row of one session for 20 s', async (stage) => {
  const [struck, ...bystanders] = stage.sessions as [string, ...string[]];
  return async () => {
    const text = `select from streams where stream = 'session:${struck}' for update`;
    return { bystanders, over: (await hold(stage.arena.directUrl, 'read committed', text, LOCK_MS)).over };
  };
});

const snapshot = burden('snapshot', 'a stranger holds a snapshot for a minute', async ({ arena }) => {
  return () => hold(arena.directUrl, 'repeatable read', 'select from installation', SNAPSHOT_MS);
});

/** Runs a statement in a transaction of its own, and lets that stand idle. Resolves when the statement is through. */
async function hold(url: string, isolation: string, text: string, for_ms: number): Promise<{ over: Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query(`begin isolation level ${isolation}`);
  await client.query(text);
  return { over: sleep(for_ms).then(() => client.end()) };
}

/** @returns what was wrong with the answers about their health that APIs and relays gave until it was over */
async function watchHealth(fleet: Fleet, over: Promise<unknown>): Promise<string[]> {
  const unwell = new Set<string>();
  let watching = true;
  over
    .catch(() => {})
    .finally(() => {
      watching = false;
    });
  while (watching) {
    for (const url of [...fleet.urls('api'), ...fleet.urls('relay')]) {
      const signal = AbortSignal.timeout(HEALTH_WITHIN_MS);
      const answer = await fetch(`${url}/health`, { signal }).catch((error: Error) => error.name);
      if (typeof answer !== 'string') await answer.arrayBuffer();
      const said = typeof answer === 'string' ? answer : answer.status;
      if (said !== 200) unwell.add(`/health answered ${said}`);
    }
    await sleep(HEALTH_EVERY_MS);
  }
  return [...unwell];
}

/** Settled commands of nobody: they fill the inbox, and belong to no stream that anybody looks at. */
const FILL = `
  insert into commands (id, name, stream, streams, input, actor_id, actor_role, idempotency_scope, idempotency_key,
    fingerprint, reply_to, request_id, status, outcome, finished_at)
  select gen_random_uuid(), 'session.log', stream, array[stream], '{}', 'chaos', 'admin', 'chaos', 'filler ' || n,
    '\\x00', 'nobody', 'chaos filler', 'rejected', '{}', clock_timestamp()
  from (select n, 'session:' || gen_random_uuid() as stream from generate_series(1, ${KEYS}) n)`;

const replayed = burden(
  'replayed-key',
  `a key sent again and again, among ${KEYS.toLocaleString('en')} in the inbox`,
  async (stage) => {
    const target = await openTarget(stage);
    await stage.arena.pool.query(FILL);
    return async () => {
      const attackers = [1, 2].map(() =>
        spawn(process.execPath, [join(import.meta.dirname, 'attacker.js'), 'replays', JSON.stringify(target)], {
          stdio: ['ignore', 'ignore', 'inherit'],
        }),
      );
      const over = Promise.all(attackers.map((attacker) => endAfter(attacker, ATTACK_MS)));
      const look = async () => {
        await stage.arena.pool.query(`delete from commands where request_id = 'chaos filler'`);
        return [];
      };
      return { over, look };
    };
  },
);

export const BURDENS: Fault[] = [
  attacked('A1', 'faults', 'small requests whose faults would fill hundreds of megabytes'),
  attacked('A2', 'pipelining', '700 requests in one write, and nothing is read'),
  attacked('A3', 'junk', 'frames of one byte, 50,000 a second, by who reads nothing'),
  attacked('A4', 'pings', 'as many PINGs, and nobody reads the PONGs'),
  attacked('B6', 'states', 'as many REQUEST_STATE'),
  attacked('A6', 'unread', '30 long answers that nobody reads'),
  attacked('A7', 'listeners', '50 listeners on one connection'),
  attacked('A8', 'metrics', '/metrics, 32 at a time'),
  attacked('A9', 'pools', '45 verifications and long reads at once by one user'),
  attacked('mute', 'mute', '20 sockets that never read'),
  locked,
  snapshot,
  replayed,
];
