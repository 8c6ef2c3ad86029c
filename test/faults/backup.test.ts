/** `plearoll backup` beside the running system, and `plearoll restore` into a fresh one, on either kind of installation. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { backup } from '../../src/cli/backup.ts';
import { restore } from '../../src/cli/restore.ts';
import { checkHistory, untilSettled } from '../support/checkHistory.ts';
import { type Cast, cast, get, openSession, post } from '../support/client.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { startLoad } from '../support/load.ts';
import { playWholeRound } from '../support/playRound.ts';
import { entryOf } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { SECRET } from '../support/stack.ts';
import { openTerminal } from '../support/terminal.ts';
import { expectIntact } from '../support/verdict.ts';
import { openScene } from './scene.ts';

const { PATH = '' } = process.env;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(inject('home'), 'backups-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(script: 'backup' | 'restore', env: Record<string, string>, ...args: string[]) {
  const entry = await entryOf('src/cli/plearoll.js');
  return new Promise<{ code: number; output: string }>((resolve) => {
    const child = execFile(process.execPath, [entry, script, ...args], { env: { PATH, ...env } }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode!, output: stdout + stderr }),
    );
  });
}

/** The whole of a session's chain, as it is given to a stranger, and what stands in its tables. */
async function shownOf(url: string, sessions: string[], people: Cast): Promise<string[]> {
  const parts = ['logs', 'objections', 'violations', 'participants', 'turns'];
  const shown = sessions.flatMap((id) => parts.map((part) => get(url, `/api/session/${id}/${part}`, people.admin)));
  return (await Promise.all(shown)).map(({ body }) => JSON.stringify(body));
}

describe.skipIf(inject('redisUrl') === null)('separate processes', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('work on while a backup is taken, and go on from it elsewhere', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const sessions = await scene.openSessions(api, 4);
    const round = await playWholeRound(api.url, scene.people);
    const shown = await shownOf(api.url, [round], scene.people);
    const load = startLoad({ apis: [api.url], people: scene.people, sessions });
    await load.answered(100);
    const file = join(folder, 'distributed');
    const answered = load.answered(20);
    const taken = await run('backup', { DATABASE_URL: scene.database.url }, file);
    expect(taken).toMatchObject({ code: 0, output: expect.stringContaining('The record is intact') });
    await answered;
    const sent = await load.stop();
    expect(sent.flatMap(({ failures }) => failures)).toEqual([]);
    await checkHistory(scene.database, sent);

    const target = await cloneDatabase();
    const env = { DATABASE_URL: target.url };
    const cut = join(folder, 'cut');
    expect((await run('backup', { DATABASE_URL: scene.database.url }, cut)).code).toBe(0);
    await truncate(cut, 2_000);
    expect(await run('restore', env, cut)).toMatchObject({ code: 2, output: expect.stringContaining('cut off') });
    const restored = await run('restore', env, file);
    expect(restored).toMatchObject({ code: 0, output: expect.stringContaining('The record is intact') });
    expect(await run('restore', env, file)).toMatchObject({ code: 2, output: expect.stringContaining('not empty') });

    const [before, after] = await Promise.all([scene.database, target].map(eventsIn));
    expect(after!.length).toBeGreaterThan(100);
    expect(new Set(before)).toEqual(new Set([...before!, ...after!]));

    const there = await openScene({ redisUrl: redis.url, database: target });
    const [next] = await Promise.all([there.startApi(), there.startWorker()]);
    // What was accepted but not yet applied at that moment is applied now.
    await untilSettled(target.pool);
    for (const id of sessions) {
      const answer = await post(next.url, `/api/session/${id}/log`, scene.people.admin, {
        event_type: 'ON',
        details: {},
      });
      expect(answer.status).toBe(200);
    }
    await checkHistory(target, []);
    expect(await shownOf(next.url, [round], scene.people)).toEqual(shown);
    await expectIntact(next.url, round, scene.people.admin);
  });
});

/** Every event with its hash, which stands for all that it says. */
async function eventsIn({ pool }: TestDatabase): Promise<string[]> {
  const { rows } = await pool.query(`select stream, sequence, encode(event_hash, 'hex') as hash from events`);
  return rows.map(({ stream, sequence, hash }) => `${stream} ${sequence} ${hash}`);
}

test('the embedded database is backed up while it runs, and restored into a fresh home', {
  timeout: 300_000,
}, async () => {
  const people = cast();
  const settings = (home: string) => ({ PLEAROLL_HOME: join(folder, home), JWT_SECRET: SECRET, LOG_LEVEL: 'warn' });
  const [one, two] = [settings('one'), settings('two')];
  const first = await startEmbedded(one);
  const sessions: string[] = [];
  for (let n = 0; n < 3; n += 1) sessions.push((await openSession(first.url, people)).session_id);
  sessions.push(await playWholeRound(first.url, people));
  const shown = await shownOf(first.url, sessions, people);
  const file = join(folder, 'embedded');
  expect(await run('backup', one, file)).toMatchObject({ code: 0, output: expect.stringContaining('4 sessions') });
  const inUse = await run('restore', one, file, '--replace');
  expect(inUse).toMatchObject({ code: 2, output: expect.stringContaining(first.url) });
  await first.stop();
  const idle = join(folder, 'idle');
  expect(await run('backup', one, idle)).toMatchObject({ code: 0 });

  for (const from of [file, idle]) {
    const args = from === file ? [from] : [from, '--replace'];
    expect(await run('restore', two, ...args)).toMatchObject({ code: 0, output: expect.stringContaining('intact') });
    const second = await startEmbedded(two);
    expect(await shownOf(second.url, sessions, people)).toEqual(shown);
    const late = { user_id: people.respondent.id, kind: 'late', description: 'Found out later.' };
    const refused = await post(second.url, `/api/session/${sessions.at(-1)}/violation/record`, people.admin, late);
    expect(refused.body.code).toBe('session_completed');
    for (const id of sessions) await expectIntact(second.url, id, people.admin);
    await second.stop();
  }
});

test.each([
  ['backup', []],
  ['backup', ['a', 'b']],
  ['restore', ['a', '--force']],
] as const)('plearoll %s with %j answers with its usage', async (script, args) => {
  const terminal = openTerminal();
  expect(await { backup, restore }[script].run([...args], terminal)).toBe(3);
  expect(terminal.complained()).toContain('usage:');
});

async function startEmbedded(env: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [await entryOf('src/processes/embedded.js')], {
    env: { PATH, PORT: '0', RATE_LIMIT_GENERAL_PER_MINUTE: '0', RATE_LIMIT_READS_PER_MINUTE: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => stop(child));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text;
      const [, found] = /^ready (\S+)$/m.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`it ended:\n${output}`)));
  });
  return { url, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
