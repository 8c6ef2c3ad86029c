/**
 * `--soak 10`: ten minutes at half of what the machine can take, and nothing is done to anybody. Latencies and memory
 * must be as flat at the end as in the middle; how long a command took counts from when it was due to be sent.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkRecord } from '../bench/checkRecord.ts';
import { percentile, table } from '../bench/report.ts';
import { mibOf } from '../bench/usage.ts';
import { cast, openSession, type Person } from '../test/support/client.ts';
import { SECRET } from '../test/support/secret.ts';
import { openArena } from './arena.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { verifyAll } from './rounds.ts';

interface Minute {
  sorted_ms: number[];
  failures: number;
  /** Resident, by process. */
  mib: Map<string, number>;
}

interface Load {
  who: Person;
  sessions: string[];
  apis: string[];
}

const SESSIONS = 50;
const CALIBRATE_MS = 10_000;
const CLIENTS = 32;
const MINUTE_MS = 60_000;
const TICK_MS = 5;
/** The last third of the minutes against the third before it. */
const FLAT = { p99: 1.5, memory: 1.15 };

const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** @returns true when it was flat and nothing was lost */
export async function runSoak({ minutes, signal }: { minutes: number; signal: AbortSignal }): Promise<boolean> {
  const arena = await openArena();
  let fleet: Fleet | undefined;
  try {
    fleet = await startFleet(
      { DATABASE_URL: arena.directUrl, REDIS_URL: arena.redis.url, JWT_SECRET: SECRET },
      arena.folder,
    );
    const people = cast();
    const apis = fleet.urls('api');
    const opened = await Promise.all(
      Array.from({ length: SESSIONS }, (_, n) => openSession(apis[n % apis.length]!, people)),
    );
    const load: Load = { who: people.admin, sessions: opened.map(({ session_id }) => session_id), apis };
    const calibrated = await calibrate(load);
    const rate = Math.max(1, Math.floor(calibrated / (CALIBRATE_MS / 1_000) / 2));
    console.log(`half load: ${rate} commands a second`);
    const played: Minute[] = [];
    while (played.length < minutes && !signal.aborted) {
      played.push({ ...(await playMinute(load, rate)), mib: readMemory(fleet) });
      console.log(lineOf(played));
    }
    const answered = played.reduce((sum, { sorted_ms }) => sum + sorted_ms.length, calibrated);
    const failures = played.reduce((sum, minute) => sum + minute.failures, 0);
    const recorded = await checkRecord(arena.url, answered, failures);
    const unverified = await verifyAll(arena.url);
    console.log(`\n${memoryTable(played)}\n\n${recorded} commands recorded, ${failures} failed`);
    for (const line of unverified) console.log(`VIOLATION: ${line}`);
    return isFlat(played) && unverified.length === 0 && failures === 0;
  } finally {
    agent.destroy();
    await fleet?.stop();
    await arena.stop();
  }
}

/** As fast as some clients can that each wait for their answers. @returns how many were answered */
async function calibrate(load: Load): Promise<number> {
  const end = performance.now() + CALIBRATE_MS;
  let answered = 0;
  const client = async () => {
    while (performance.now() < end) if (await sendEntry(load, answered)) answered += 1;
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return answered;
}

async function playMinute(load: Load, rate: number): Promise<Omit<Minute, 'mib'>> {
  const began = performance.now();
  const sorted_ms: number[] = [];
  const underway: Promise<void>[] = [];
  let failures = 0;
  const send = async (n: number) => {
    const due_ms = began + (n * 1_000) / rate;
    if (await sendEntry(load, n)) sorted_ms.push(performance.now() - due_ms);
    else failures += 1;
  };
  while (performance.now() - began < MINUTE_MS) {
    const due = Math.floor(((performance.now() - began) * rate) / 1_000);
    while (underway.length < due) underway.push(send(underway.length));
    await sleep(TICK_MS);
  }
  await Promise.all(underway);
  sorted_ms.sort((a, b) => a - b);
  return { sorted_ms, failures };
}

/** @returns true when it was applied */
function sendEntry({ who, sessions, apis }: Load, n: number): Promise<boolean> {
  const url = `${apis[n % apis.length]}/api/session/${sessions[n % sessions.length]}/log`;
  const body = JSON.stringify({ event_type: 'BENCH_ENTRY', details: { n, text: 'May it please the court.' } });
  const headers = {
    authorization: `Bearer ${who.token}`,
    'content-type': 'application/json',
    'content-length': body.length,
  };
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode === 200));
    });
    sent.on('error', () => resolve(false)).end(body);
  });
}

function readMemory(fleet: Fleet): Map<string, number> {
  return new Map(fleet.pids().map(({ name, pid }) => [name, mibOf(pid)]));
}

function lineOf(played: Minute[]): string {
  const { sorted_ms, failures } = played.at(-1)!;
  const [p50, p99] = [percentile(sorted_ms, 0.5), percentile(sorted_ms, 0.99)].map((ms) => ms.toFixed(1));
  return `minute ${played.length}: ${sorted_ms.length} commands, p50 ${p50} ms, p99 ${p99} ms, ${failures} failed`;
}

function memoryTable(played: Minute[]): string {
  const header = ['MiB after minute', ...played.map((_, i) => String(i + 1))];
  const names = [...played[0]!.mib.keys()];
  return table(
    header,
    names.map((name) => [name, ...played.map(({ mib }) => Math.round(mib.get(name) ?? 0))]),
  );
}

function isFlat(played: Minute[]): boolean {
  const third = Math.floor(played.length / 3);
  if (third === 0) return true;
  const last = played.slice(-third);
  const middle = played.slice(-2 * third, -third);
  const mean = (minutes: Minute[], of: (minute: Minute) => number) =>
    minutes.reduce((sum, one) => sum + of(one), 0) / minutes.length;
  const ratio = (of: (minute: Minute) => number) => mean(last, of) / mean(middle, of);
  const p99 = ratio(({ sorted_ms }) => percentile(sorted_ms, 0.99));
  const grown = [...played[0]!.mib.keys()].map((name) => [name, ratio(({ mib }) => mib.get(name)!)] as const);
  console.log(`last third against the third before: p99 x ${p99.toFixed(2)} (at most ${FLAT.p99})`);
  for (const [name, times] of grown) console.log(`  memory of ${name} x ${times.toFixed(2)} (at most ${FLAT.memory})`);
  return p99 <= FLAT.p99 && grown.every(([, times]) => times <= FLAT.memory);
}
