/**
 * PLEAROLL_HOME: the folder that embedded mode keeps everything in, and the lock that gives it one owner at a time.
 * However many starters meet, and whether the last owner left or was killed, exactly one of them gets the folder;
 * the others learn the owner's pid and, once it is published, its URL. Files made here are whole or absent, never half-written.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeOnce, readIfThere, unless } from '../files.ts';

export interface Home {
  path: string;
  /** Writes the URL into the lock, so that a second starter can show it. */
  publish(url: string): Promise<void>;
  /** Gives the folder up; a second call does nothing. */
  release(): Promise<void>;
}

interface Owner {
  pid: number;
  started: string;
  url: string | null;
}

export class HomeInUseError extends Error {
  readonly pid: number;
  readonly url: string | null;

  constructor(path: string, owner: Owner) {
    super(`${path} is in use by process ${owner.pid}${owner.url ? ` at ${owner.url}` : ''}`);
    this.name = 'HomeInUseError';
    this.pid = owner.pid;
    this.url = owner.url;
  }
}

/** Makes the folder if need be and takes its lock, or throws HomeInUseError. */
export async function openHome(path: string): Promise<Home> {
  const home = await makeHome(path);
  const lock = join(home, 'plearoll.lock');
  const owner: Owner = { pid: process.pid, started: startOf(process.pid) ?? '', url: null };
  await alone(`${lock}.taking`, owner, async () => {
    const other = await readOwner(lock);
    if (other && isAlive(other)) throw new HomeInUseError(home, other);
    await replace(lock, owner);
  });
  let released: Promise<void> | undefined;
  return {
    path: home,
    publish: async (url) => {
      if (!released) await replace(lock, { ...owner, url });
    },
    release: () => {
      released ??= rm(lock, { force: true });
      return released;
    },
  };
}

/** The process that has the folder just now. */
export async function findOwner(homePath: string): Promise<{ pid: number; url: string | null } | undefined> {
  const owner = await readOwner(join(homePath, 'plearoll.lock'));
  return owner && isAlive(owner) ? owner : undefined;
}

/** Whether a Postgres was ever started in it. */
export function hasServed(homePath: string): boolean {
  return existsSync(join(homePath, 'postgres-password'));
}

/** The JWT secret of embedded mode, made on first use; works before the first start. */
export async function readOrMakeSecret(homePath: string): Promise<string> {
  return readOrMakeOnce(join(await makeHome(homePath), 'jwt-secret'), 48);
}

/** Reads a private file of random bytes in base64url; when several make it at once, all get the same bytes. */
export async function readOrMakeOnce(file: string, byteCount: number): Promise<string> {
  const found = await readIfThere(file);
  if (found !== undefined) return found.trim();
  await makeOnce(file, `${randomBytes(byteCount).toString('base64url')}\n`);
  return (await readFile(file, 'utf8')).trim();
}

/** Makes the folder, for its owner only; returns its absolute path. */
export async function makeHome(path: string): Promise<string> {
  const home = resolve(path);
  // Parents get the usual mode: if they were 0700 too, the user that Postgres runs as could never reach the data.
  await mkdir(dirname(home), { recursive: true });
  await mkdir(home, { mode: 0o700 }).catch(unless('EEXIST'));
  return home;
}

/**
 * Runs `act` while no other process does. The door is a folder with one file in it, named by chance and holding its
 * owner: a folder can be renamed onto an empty one only, and clearing up after a dead owner removes a name that no living
 * one has. Removing a stale lock file by its fixed name could instead remove the lock of the process that replaced it first.
 */
async function alone(door: string, owner: Owner, act: () => Promise<void>): Promise<void> {
  const name = randomUUID();
  const ours = `${door}.${name}`;
  await mkdir(ours);
  await writeFile(join(ours, name), JSON.stringify(owner));
  try {
    const deadline = Date.now() + 10_000;
    while (!(await enter(ours, door))) {
      if (Date.now() > deadline) throw new Error(`Another process has been taking ${door} for 10 seconds`);
      await clearDead(door);
      await sleep(10);
    }
    await act();
  } finally {
    await rm(ours, { recursive: true, force: true });
    await rm(join(door, name), { force: true });
    await rmdir(door).catch(unless('ENOENT', 'ENOTEMPTY', 'EEXIST'));
  }
}

async function enter(ours: string, door: string): Promise<boolean> {
  try {
    await rename(ours, door);
    return true;
  } catch (error) {
    unless('ENOTEMPTY', 'EEXIST')(error);
    return false;
  }
}

async function clearDead(door: string): Promise<void> {
  for (const name of (await readdir(door).catch(unless('ENOENT'))) ?? []) {
    const owner = await readOwner(join(door, name));
    if (!owner || !isAlive(owner)) await rm(join(door, name), { force: true });
  }
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse((await readIfThere(file)) ?? 'null');
    return Number.isInteger(owner?.pid) && owner.pid > 0 ? owner : undefined;
  } catch (error) {
    // What cannot be parsed was lost in a power cut: everything here is written whole and renamed into place.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(owner: Owner): boolean {
  return startOf(owner.pid) === owner.started;
}

/** When a process started, in whatever form the system tells it; undefined if there is no such process, or only a zombie. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // The name in field 2 may hold spaces and brackets: count from the last bracket, where field 3 follows.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    }
    if (process.platform === 'win32') return process.kill(pid, 0) ? '' : undefined;
    const [state, ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .trim()
      .split(/\s+/);
    return state?.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

async function replace(file: string, owner: Owner): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600, flush: true });
  await rename(draft, file);
}
