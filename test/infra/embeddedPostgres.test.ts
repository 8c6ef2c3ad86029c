/** The embedded Postgres through what happens to it in life: restarts, killed owners, stale files, and root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { outsideFolder } from '../../src/infra/postgres/postgresBinaries.ts';
import { isEverything } from '../support/everything.ts';
import { prepareHome } from '../support/preparedHome.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const built = new URL('../../dist/src/infra/postgres/embeddedPostgres.js', import.meta.url).href;
const isRoot = process.geteuid?.() === 0;
let folders: string[];
let children: ChildProcess[];
let servers: EmbeddedPostgres[];
let said: string[];

beforeEach(() => {
  folders = [];
  children = [];
  servers = [];
  said = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(servers.map((server) => server.stop()));
  try {
    await until(() => folders.flatMap(processesOn).length === 0);
  } finally {
    for (const pid of folders.flatMap(processesOn)) process.kill(pid, 'SIGKILL');
    for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test('keeps its data, its secrets to itself, and its durability from one start to the next', async () => {
  const home = await makeHome();
  const first = await start(home);
  expect(new URL(first.url)).toMatchObject({ username: 'plearoll', hostname: '127.0.0.1', pathname: '/plearoll' });
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  await first.stop();
  await expect(query(first.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  const second = await start(home);
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  const settings = ['fsync', 'synchronous_commit', 'listen_addresses', 'unix_socket_directories', 'TimeZone'];
  const [row] = await query(
    second.url,
    `SELECT ${settings.map((name) => `current_setting('${name}')`).join(" || ' ' || ")} AS all`,
  );
  expect(row).toEqual({ all: 'on on 127.0.0.1  UTC' });
  expect((await stat(join(home, 'postgres-password'))).mode & 0o777).toBe(0o600);
  const wrong = new URL(second.url);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});

test('takes the settings it is given over its own', async () => {
  const { url } = await start(await homeWithData(), { max_connections: '17' });
  expect(await query(url, 'SHOW max_connections')).toEqual([{ max_connections: '17' }]);
});

test('stops the Postgres that a killed owner left alive, and starts with all it had committed', async () => {
  const home = await homeWithData();
  const owner = raise(home, `process.send(server.url); setInterval(() => {}, 1000);`);
  const [url] = await once(owner, 'message');
  await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const left = postmasterPid(home);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(process.kill(left, 0)).toBe(true);
  const next = await start(home);
  expect(said.join()).toContain(`left behind (process ${left})`);
  expect(processesOn(home)).not.toContain(left);
  expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('does not keep its owner from ending', async () => {
  const home = await homeWithData();
  const owner = raise(home, `process.disconnect();`);
  expect(await once(owner, 'exit')).toEqual([0, null]);
  await start(home);
});

test('is not stopped by Ctrl-C in the terminal of its owner', async () => {
  const home = await homeWithData();
  const owner = raise(
    home,
    `setInterval(() => {}, 1000); process.on('SIGINT', () => process.send('interrupted')); process.send(server.url);`,
  );
  const [url] = await once(owner, 'message');
  process.kill(-owner.pid!, 'SIGINT');
  expect(await once(owner, 'message')).toContain('interrupted');
  expect(await query(url, 'SELECT 42 AS answer')).toEqual([{ answer: 42 }]);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await start(home);
});

test('a postmaster.pid of a dead process, of another program, or without a pid does not block the start', async () => {
  const home = await homeWithData();
  const pidFile = join(home, 'postgres', 'postmaster.pid');
  let server = await start(home);
  const [, ...rest] = (await readFile(pidFile, 'utf8')).split('\n');
  const { uid, gid } = await stat(join(home, 'postgres'));
  // Postgres itself believes the file only if the other program runs as the same user.
  const other = spawn('sleep', ['1000'], isRoot ? { uid, gid } : {});
  const dead = spawn('true');
  children.push(other);
  await once(dead, 'exit');
  for (const content of [[dead.pid, ...rest].join('\n'), [other.pid, ...rest].join('\n'), '']) {
    await server.stop();
    await writeFile(pidFile, content);
    server = await start(home);
    expect(await query(server.url, 'SELECT 42 AS answer')).toEqual([{ answer: 42 }]);
  }
  expect(other.exitCode ?? other.signalCode).toBeNull();
});

test('an initdb that was interrupted half-way leaves nothing in the way of the next start', async () => {
  const home = await makeHome();
  const owner = raise(home, '');
  const drafts = () => readdirSync(home).filter((name) => name.startsWith('postgres.new-'));
  await until(() => drafts().some((name) => existsSync(join(home, name, 'data', 'PG_VERSION'))));
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(existsSync(join(home, 'postgres'))).toBe(false);
  const { url } = await start(home);
  expect(await query(url, 'SELECT 42 AS answer')).toEqual([{ answer: 42 }]);
  expect(drafts()).toEqual([]);
});

test('reports a death that nobody asked for, also to who asks later, and not its own stop', async () => {
  const home = await homeWithData();
  const killed = await start(home);
  const early = new Promise((resolve) => killed.onExit(resolve));
  process.kill(postmasterPid(home), 'SIGKILL');
  expect(await early).toBeNull();
  expect(await new Promise((resolve) => killed.onExit(resolve))).toBeNull();
  const stopped = await start(home);
  const listener = vi.fn();
  stopped.onExit(listener);
  await stopped.stop();
  expect(listener).not.toHaveBeenCalled();
});

test('says with the last lines of its log why it does not start', async () => {
  const failure = start(await homeWithData(), { shared_buffers: 'nonsense' });
  await expect(failure).rejects.toThrow(/FATAL: {2}invalid value for parameter "shared_buffers"/);
});

test.runIf(isRoot)('as root, keeps outside a home that its user cannot reach what it needs, and says so', async () => {
  const home = await makeHome('/root');
  const first = await start(home);
  const outside = await outsideFolder(home);
  expect(outside).toMatch(/^\/var\/lib\/plearoll\/[0-9a-f]+$/);
  expect(said.filter((line) => line.includes(home) && line.includes(outside))).toHaveLength(1);
  expect((await stat(join(outside, 'postgres'))).uid).not.toBe(0);
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  const second = await start(home);
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test.runIf(isRoot && isEverything)(
  'as root, a home that was deleted and made anew does not get the old data, which are kept aside',
  async () => {
    const home = await makeHome('/root');
    const first = await start(home);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    await rm(home, { recursive: true });
    const second = await start(home);
    await expect(query(second.url, 'SELECT answer FROM kept')).rejects.toMatchObject({ code: '42P01' });
    expect(said.join()).toMatch(/moved to \/var\/lib\/plearoll\/[0-9a-f]+\/postgres\.set-aside-/);
  },
);

async function makeHome(parent = tmpdir()): Promise<string> {
  const home = await mkdtemp(join(parent, 'plearoll-postgres-test-'));
  folders.push(await outsideFolder(home), home);
  return home;
}

/** Where it was started before. */
async function homeWithData(): Promise<string> {
  const home = await makeHome(inject('home'));
  await prepareHome(home);
  return home;
}

async function start(home: string, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ home, settings, say: (line) => said.push(line) });
  servers.push(server);
  return server;
}

/** Another process, leader of its own group, that starts Postgres on the home and goes on with `body`. */
function raise(home: string, body: string): ChildProcess {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(built)};
    const server = await startEmbeddedPostgres({ home: ${JSON.stringify(home)}, say: () => undefined });
    ${body}`;
  const stdio: ['ignore', 'inherit', 'inherit', 'ipc'] = ['ignore', 'inherit', 'inherit', 'ipc'];
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { detached: true, stdio });
  children.push(child);
  return child;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function postmasterPid(home: string): number {
  return Number.parseInt(readFileSync(join(home, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

/** Every process with this folder on its command line; nothing where there is no /proc. */
function processesOn(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Still not so after ${withinMs} ms: ${condition}`);
    await pause(5);
  }
}
