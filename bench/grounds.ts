/**
 * The ground under every server of a comparison: one real Postgres whose commits are on disk, one Redis, and databases
 * cloned from a template in which 200 sessions wait for entries.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../migrations/migrate.ts';
import { startEmbeddedPostgres } from '../src/infra/postgres/embeddedPostgres.ts';
import { signToken } from '../src/infra/tokens.ts';
import { startRedis } from '../test/support/redis.ts';
import { SECRET, startServer } from './servers.ts';
import { findChild } from './usage.ts';

/** A session, and an admin who may write its log. */
export interface Docket {
  session_id: string;
  admin: { id: string; institution_id: string };
  token: string;
}

export interface Grounds {
  redisUrl: string;
  /** Superuser. */
  adminUrl: string;
  dockets: Docket[];
  /** The first processes of Postgres and Redis. */
  pids: { redis: number; postgres: number };
  /** A fresh copy of the template, with its pages on disk. */
  openDatabase(name: string): Promise<string>;
  dropDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

const SESSIONS = 200;
const TEMPLATE = 'bench_template';
const SETTINGS = { fsync: 'on', synchronous_commit: 'on', max_connections: '200', shared_buffers: '256MB' };

/** @param settings of Postgres, beside its own */
export async function openGrounds(settings: Record<string, string> = {}): Promise<Grounds> {
  const home = await mkdtemp(join(tmpdir(), 'plearoll-bench-'));
  const postgres = await startEmbeddedPostgres({ home, say: () => {}, settings: { ...SETTINGS, ...settings } });
  const redis = await startRedis();
  const pids = { redis: findChild('redis-server', 'valkey-server'), postgres: findChild('postgres') };
  const urlOf = (name: string) => Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
  const admin = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const stop = async () => {
    await redis.stop();
    await postgres.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    await admin(`create database ${TEMPLATE}`);
    await migrate(urlOf(TEMPLATE));
    const dockets = await seed({ databaseUrl: urlOf(TEMPLATE), redisUrl: redis.url });
    return {
      redisUrl: redis.url,
      adminUrl: urlOf('postgres'),
      dockets,
      pids,
      async openDatabase(name) {
        await admin(`drop database if exists ${name}`, `create database ${name} template ${TEMPLATE}`, 'checkpoint');
        return urlOf(name);
      },
      dropDatabase: (name) => admin(`drop database ${name} with (force)`),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function seed(backing: { databaseUrl: string; redisUrl: string }): Promise<Docket[]> {
  const server = await startServer('ours', backing);
  try {
    const institution_id = randomUUID();
    return await Promise.all(Array.from({ length: SESSIONS }, (_, n) => openSession(server.url, institution_id, n)));
  } finally {
    await server.stop();
  }
}

async function openSession(url: string, institution_id: string, n: number): Promise<Docket> {
  const exp = Math.floor(Date.now() / 1_000) + 86_400;
  const admin = { id: randomUUID(), institution_id };
  const token = signToken({ sub: admin.id, role: 'admin', institution_id, exp }, SECRET);
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = (await response.json()) as { result?: { id: string } };
    if (!response.ok || !answer.result)
      throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer.result.id;
  };
  const person = (name: string) => ({ user_id: randomUUID(), name });
  const assignment_id = await post('/api/assignment/create', {
    title: `Match ${n}`,
    courtroom: `Courtroom ${n}`,
    scheduled_at: '2026-11-21T10:00:00.000Z',
    petitioner: [person('Ada Petrova'), person('Lena Vogt')],
    respondent: [person('Rui Santos'), person('Ines Prado')],
    panel: [person('Judge Okafor'), person('Judge Lindqvist'), person('Judge Marsh')],
    moderators: [person('Sam Bailey')],
    visibility: 'institution',
  });
  const session_id = await post('/api/session/create', { assignment_id });
  await post(`/api/session/${session_id}/start`, {});
  return { session_id, admin, token };
}
