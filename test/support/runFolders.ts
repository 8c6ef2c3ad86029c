/**
 * The folders of a run, which it removes when it ends. A run that was killed removes nothing: the next one does, and ends
 * the Postgres that the dead run left behind.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Says whose the folder is. A process of another host, which may share the folder, is not looked for here. */
const OWNER = 'owner';

export async function makeRunFolder(parent: string, prefix: string): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix));
  await writeFile(join(folder, OWNER), `${process.pid} ${hostname()}`);
  return folder;
}

/** Each takes a hundred megabytes, of memory where the folders are in memory. */
const MOST_KEPT = 3;

/** It stays until a person removes it, or until as many were kept after it. @returns the folders that are gone for it */
export async function keepRunFolder(folder: string): Promise<string[]> {
  await rm(join(folder, OWNER));
  const like = basename(folder).replace(/[^-]*$/, '');
  const names = (await readdir(dirname(folder))).filter((name) => name.startsWith(like));
  const kept = names.map((name) => join(dirname(folder), name)).filter((one) => !existsSync(join(one, OWNER)));
  const newest = kept.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  // Who looks at one has its Postgres running.
  const old = newest.slice(MOST_KEPT).filter((one) => !existsSync(join(one, 'postgres', 'postmaster.pid')));
  for (const one of old) await rm(one, { recursive: true, force: true });
  return old;
}

/** Removes what dead runs left in `parent`. @returns the folders that are gone */
export async function sweepRunFolders(parent: string, prefix: string): Promise<string[]> {
  const names = await readdir(parent).catch(() => []);
  const left = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(parent, name))
    .filter(isLeft);
  for (const folder of left) {
    endPostgres(join(folder, 'postgres'));
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
  return left;
}

function isLeft(folder: string): boolean {
  const file = join(folder, OWNER);
  if (!existsSync(file)) return false;
  const [pid, host] = readFileSync(file, 'utf8').split(' ');
  return host === hostname() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (fault) {
    return (fault as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A server's pid may be another program's by now. */
function endPostgres(data: string): void {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const [pid = ''] = readFileSync(file, 'utf8').split('\n');
  try {
    const command = execFileSync('ps', ['-ww', '-o', 'args=', '-p', pid], { encoding: 'utf8' });
    if (command.includes(data)) process.kill(Number(pid), 'SIGQUIT');
  } catch {
    // It is gone.
  }
}
