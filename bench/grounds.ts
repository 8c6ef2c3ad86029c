/**
 * The ground under every server of a comparison: one real Postgres whose commits are on disk, one Redis, and databases
 * cloned from a template in which 200 sessions wait for entries.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  /** A fresh copy of the template, or of another database that nobody uses, with its pages on disk. */
  openDatabase(name: string, template?: string): Promise<string>;
  /** Of a database that is there. */
  urlOf(name: string): string;
  dropDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

const SESSIONS = 200;
/** Kept grounds are used for so long. */
const TOKEN_SECONDS = 90 * 86_400;
const TEMPLATE = 'bench_template';
const SETTINGS = { fsync: 'on', synchronous_commit: 'on', max_connections: '200', shared_buffers: '256MB' };

/** @param settings of Postgres, beside its own @param kept a folder where it stays for the next run @param sessions that wait */
export async function openGrounds(
  settings: Record<string, string> = {},
  kept?: string,
  sessions = SESSIONS,
): Promise<Grounds> {
  const home = kept ?? (await mkdtemp(join(tmpdir(), 'plearoll-bench-')));
  const postgres = await startEmbeddedPostgres({ home, say: () => {}, settings: { ...SETTINGS, ...settings } });
  const redis = await startRedis();
  const pids = { redis: findChild('redis-server', 'valkey-server'), postgres: findChild('postgres') };
  const urlOf = (name: string) => Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
  const on = async (database: string, ...statements: string[]) => {
    const client = new pg.Client({ connectionString: urlOf(database) });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const admin = (...statements: string[]) => on('postgres', ...statements);
  const stop = async () => {
    await redis.stop();
    await postgres.stop();
    if (kept === undefined) await rm(home, { recursive: true, force: true });
  };
  try {
    const dockets = await once(join(home, 'dockets.json'), async () => {
      await admin(`drop database if exists ${TEMPLATE}`, `create database ${TEMPLATE}`);
      await migrate(urlOf(TEMPLATE));
      return seed({ databaseUrl: urlOf(TEMPLATE), redisUrl: redis.url }, sessions);
    });
    // As this version has it, if an earlier one made it.
    await migrate(urlOf(TEMPLATE));
    return {
      redisUrl: redis.url,
      adminUrl: urlOf('postgres'),
      urlOf,
      dockets,
      pids,
      async openDatabase(name, template = TEMPLATE) {
        const make = `create database ${name} template ${template} strategy file_copy`;
        await admin(`drop database if exists ${name}`, make);
        // Two copies beside each other, under one id, would answer each other's doorbells.
        await on(name, 'update installation set id = gen_random_uuid()', 'checkpoint');
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

/** Made, or read where it was made before. */
export async function once<T>(file: string, make: () => Promise<T>): Promise<T> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as T;
  const made = await make();
  await writeFile(file, JSON.stringify(made));
  return made;
}

async function seed(backing: { databaseUrl: string; redisUrl: string }, sessions: number): Promise<Docket[]> {
  const server = await startServer('ours', backing);
  try {
    const institution_id = randomUUID();
    return await Promise.all(Array.from({ length: sessions }, (_, n) => openSession(server.url, institution_id, n)));
  } finally {
    await server.stop();
  }
}

async function openSession(url: string, institution_id: string, n: number): Promise<Docket> {
  const exp = Math.floor(Date.now() / 1_000) + TOKEN_SECONDS;
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
