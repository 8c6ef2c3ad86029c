/**
 * What the guard costs visitors without a token: two APIs of one installation, of which one has it switched off, are asked in
 * turn, a moment each, so that whatever else the machine does meets both. And a final that fifty people behind one address
 * open at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { RULES } from '../../src/guard/rules.ts';
import type { Grounds } from '../grounds.ts';
import { forkOf, messageOf } from '../relay/children.ts';
import { openWire } from '../relay/wire.ts';
import { median } from '../report.ts';
import { startProcesses } from '../servers.ts';
import { createAsking, type Told } from './asking.ts';
import { GUARDED, openFinal } from './stage.ts';
import type { Visited, VisitPlan } from './visitors.ts';

export interface DoorsPlan {
  pairs: number;
  /** How long one API is asked. */
  slot_seconds: number;
  /** Who open a final. */
  people: number;
}

export interface DoorsResult {
  doors: Record<string, { on_per_second: number; off_per_second: number; lost_percent: number; others: number }>;
  final: { people: number; requests: number; blocked: number; others: number };
}

const API = ['../src/processes/api.js'];
const OURS = { worker: ['../jobs/worker.js'], relay: ['../src/processes/relay.js'], api: API };
const SCHOOL = '192.0.2.1';

export async function measureDoors(grounds: Grounds, plan: DoorsPlan, signal: AbortSignal): Promise<DoorsResult> {
  const database = 'bench_gallery_doors';
  const backing = { databaseUrl: await grounds.openDatabase(database), redisUrl: grounds.redisUrl };
  const on = await startProcesses('guarded', OURS, backing, GUARDED);
  const off = await startProcesses('unguarded', { api: API }, backing, { ...GUARDED, GUARD_MAX_KEYS: '0' });
  const visitors = forkOf('gallery/visitors.js', [], {});
  try {
    const session = `/api/session/${await openFinal(on.url)}`;
    const doors: DoorsResult['doors'] = {};
    for (const [name, asked] of Object.entries({
      'what is read': { method: 'GET', path: `${session}/gallery`, status: 200 },
      'what is taken': { method: 'POST', path: `${session}/observe`, status: 201 },
      'what is refused': { method: 'POST', path: `${session}/start`, status: 401 },
    } as const)) {
      const visit = (url: string) => visitAt(visitors, { ...asked, url: url + asked.path, seconds: plan.slot_seconds });
      doors[name] = await compare(visit, on.url, off.url, plan.pairs, signal);
    }
    const final = await openTogether(on.urls.api!, on.urls.relay!, session, plan.people);
    return { doors, final };
  } finally {
    visitors.kill();
    await off.stop().catch(() => {});
    await on.stop().catch(() => {});
    await grounds.dropDatabase(database);
  }
}

async function visitAt(visitors: ReturnType<typeof forkOf>, plan: VisitPlan): Promise<Visited> {
  const visited = messageOf<Visited, 'visited'>(visitors, 'visited');
  visitors.send(plan);
  return visited;
}

const WARM_PAIRS = 2;

/** The first pairs warm both up. What is lost is the median of the others. */
async function compare(
  visit: (url: string) => Promise<Visited>,
  on: string,
  off: string,
  pairs: number,
  signal: AbortSignal,
) {
  const found: [on: number, off: number][] = [];
  let others = 0;
  for (let pair = 0; pair < pairs + WARM_PAIRS; pair += 1) {
    signal.throwIfAborted();
    const isOnFirst = pair % 2 === 0;
    const visited = [await visit(isOnFirst ? on : off), await visit(isOnFirst ? off : on)];
    for (const one of visited) others += one.others;
    const [first, second] = visited.map(({ per_second }) => per_second) as [number, number];
    if (pair >= WARM_PAIRS) found.push(isOnFirst ? [first, second] : [second, first]);
  }
  return {
    on_per_second: median(found.map(([on]) => on)),
    off_per_second: median(found.map(([, off]) => off)),
    lost_percent: median(found.map(([on, off]) => 100 * (1 - on / off))),
    others,
  };
}

/** Each of them reads the page's three lists, asks for a ticket and listens; when all are there, one in ten says something. */
async function openTogether(api: string, relay: string, session: string, people: number) {
  const { ask, close } = createAsking(people);
  const headersOf = (n: number) => ({ 'x-forwarded-for': SCHOOL, 'x-browser-fingerprint': `pupil ${n}` });
  const open = async (n: number) => {
    const headers = headersOf(n);
    const reads = ['', '/gallery', '/turns'].map((part) => ask({ method: 'GET', url: api + session + part, headers }));
    const observed = ask({ method: 'POST', url: `${api}${session}/observe`, headers, body: {} });
    return [...(await Promise.all([...reads, observed])), { status: await listen(relay, session), text: '' }];
  };
  const speak = (n: number) => {
    const body = { text: `What does the bench make of clause ${n}?`, category: 'question' };
    return ask({ method: 'POST', url: `${api}${session}/gallery/post`, headers: headersOf(n), body });
  };
  const all = Array.from({ length: people }, (_, n) => n);
  const told = (await Promise.all(all.map(open))).flat();
  await sleep(RULES.rate.window_ms);
  told.push(...(await Promise.all(all.filter((n) => n % 10 === 0).map(speak))));
  close();
  const blocked = told.filter(isBlocked).length;
  const others = told.filter((one) => !isBlocked(one) && (one.status < 200 || one.status > 299)).length;
  return { people, requests: told.length, blocked, others };
}

/** By the guard, and not because too much waits. */
function isBlocked({ status, text }: Told): boolean {
  return status === 429 && /"limit":"(block|burst|rate)"/.test(text);
}

/** @returns 200 where the gallery welcomes it */
function listen(relay: string, session: string): Promise<number> {
  return new Promise((resolve) => {
    const wire = openWire({
      ...{ port: Number(new URL(relay).port), path: session.replace('/api/session/', '/gallery/ws/') },
      ...{ localAddress: '127.0.0.1', onOpen: () => {}, onClose: () => resolve(0) },
      onText() {
        resolve(200);
        wire.end();
      },
    });
  });
}
