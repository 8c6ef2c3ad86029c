/** The servers of a gallery's benchmark: ours with the guard on, or the chat server's way, as socket.io's users build it. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signToken } from '../../src/infra/tokens.ts';
import type { Grounds } from '../grounds.ts';
import { openScales, type Scales } from '../relay/weight.ts';
import { type RunningServer, SECRET, startProcesses } from '../servers.ts';

export const CONTESTANTS = ['ours', 'socketio'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

export interface Stage {
  session_id: string;
  /** Where posts go, in turn. */
  posts: string[];
  /** Where screens connect, in turn. */
  ports: number[];
  pids: RunningServer['pids'];
  /** Those that fan out. */
  relays: number[];
  /** When each message was announced, by its id. */
  announced(): Map<string, number>;
  weigh: Scales['weigh'];
  leave(): Promise<void>;
}

const API = ['../src/processes/api.js'];
const RELAY = ['../src/processes/relay.js'];
const NODE = ['peers/chat.js'];
/** So many take posts, and so many fan out: with socket.io they are the same. */
export interface Instances {
  apis: number;
  relays: number;
}
const ANNOUNCED = new URL('./announced.js', import.meta.url).href;
/** What a venue with a proxy of its own sets. */
export const GUARDED = { GUARD_MAX_KEYS: '200000', TRUSTED_PROXIES: '127.0.0.0/8' };
const TOKEN_SECONDS = 3_600;

export async function openStage(grounds: Grounds, contestant: Contestant, instances: Instances): Promise<Stage> {
  const database = `bench_gallery_${contestant}`;
  const databaseUrl = await grounds.openDatabase(database);
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-bench-gallery-'));
  const file = join(folder, 'announced');
  const scales = openScales();
  const preloaded = {
    NODE_OPTIONS: `${scales.settings.NODE_OPTIONS} --import ${ANNOUNCED}`,
    BENCH_ANNOUNCED_FILE: file,
  };
  const settings = { ...GUARDED, ...scales.settings, ...preloaded };
  const server = await startProcesses(
    contestant,
    processesOf(contestant, instances),
    { databaseUrl, redisUrl: grounds.redisUrl },
    settings,
  );
  const of = (name: string) => Object.keys(server.urls).filter((group) => group.startsWith(name));
  const relays = contestant === 'ours' ? of('relay') : of('api');
  const session_id = contestant === 'ours' ? await openFinal(server.url) : randomUUID();

  async function leave(): Promise<void> {
    await server.stop().catch(() => {});
    await grounds.dropDatabase(database);
    scales.remove();
    rmSync(folder, { recursive: true, force: true });
  }

  return {
    session_id,
    posts: of('api').map((group) => `${server.urls[group]}/messages?session_id=${session_id}`),
    ports: relays.map((group) => Number(new URL(server.urls[group]!).port)),
    pids: server.pids,
    relays: relays.map((group) => server.pids[group]!),
    announced: () => readAnnounced(file),
    weigh: scales.weigh,
    leave,
  };
}

function processesOf(contestant: Contestant, { apis, relays }: Instances): Record<string, string[]> {
  const many = (name: string, count: number, args: string[]) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [n === 0 ? name : `${name}-${n + 1}`, args]));
  if (contestant === 'socketio') return many('api', apis, NODE);
  return { worker: ['../jobs/worker.js'], ...many('relay', relays, RELAY), ...many('api', apis, API) };
}

/** A public match with a gallery, whose session has not begun. @returns the session */
export async function openFinal(url: string): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + TOKEN_SECONDS;
  const token = signToken({ sub: randomUUID(), role: 'admin', institution_id: randomUUID(), exp }, SECRET);
  const create = async (path: string, body: object): Promise<string> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = (await response.json()) as { result?: { id: string } };
    if (!answer.result) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer.result.id;
  };
  const person = (name: string) => ({ user_id: randomUUID(), name });
  const assignment_id = await create('/api/assignment/create', {
    ...{ title: 'The final', courtroom: 'Great Hall', scheduled_at: '2026-11-21T10:00:00.000Z' },
    ...{ petitioner: [person('Ada Petrova')], respondent: [person('Rui Santos')], panel: [person('Judge Okafor')] },
    ...{ visibility: 'public', gallery: 'breaks', gallery_moderation: 'after' },
  });
  return create('/api/session/create', { assignment_id });
}

/** The first time of each: what is published again is no news. */
function readAnnounced(file: string): Map<string, number> {
  const announced = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [id, at_ms] = line.split(' ');
    if (at_ms !== undefined && !announced.has(id!)) announced.set(id!, Number(at_ms));
  }
  return announced;
}
