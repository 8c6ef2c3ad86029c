/**
 * A version of ours with its processes, as its own Procfile and package.json have them: this one, or an earlier one that
 * is built from its commit in a work tree of its own. Below `dist`, so that it finds our packages where it needs no others.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Kind, lacksPackages, readProcfile } from './releaseFiles.ts';

export interface Release {
  name: string;
  /** The file of each kind's process; not of every kind in earlier versions. */
  entries: Partial<Record<Kind, string>>;
  /** Its processes are loaded with our saboteur, which knows those of no other version. */
  isOurs: boolean;
  /** Migrations that it knows. */
  migrations: readonly string[];
  migrate(url: string): Promise<void>;
}

export interface NamedRelease {
  commit: string;
  what: string;
}

const ROOT = process.cwd();
const RELEASES = join(ROOT, 'dist/releases');
const BUILT = '.built';
const run = promisify(execFile);

export function namedReleases(): NamedRelease[] {
  return JSON.parse(readFileSync(join(ROOT, 'chaos/releases.json'), 'utf8')) as NamedRelease[];
}

export function ourRelease(): Promise<Release> {
  return readRelease('this version', ROOT, true);
}

/** Built once, and kept for the next run. @returns why not, where this machine cannot */
export async function buildRelease({ commit }: NamedRelease): Promise<Release | string> {
  const name = commit.slice(0, 12);
  const folder = join(RELEASES, name);
  if (!existsSync(join(folder, BUILT))) {
    if (!(await hasCommit(commit))) return 'this clone has not got the commit (git fetch --unshallow brings it)';
    await checkOut(commit, folder);
    const lock = (at: string) => JSON.parse(readFileSync(join(at, 'package-lock.json'), 'utf8'));
    if (lacksPackages(lock(folder), lock(ROOT)) && !(await installPackages(folder)))
      return 'its packages are others than ours, and could not be installed';
    await run('npm', ['run', '-s', 'build'], { cwd: folder });
    await writeFile(join(folder, BUILT), '');
  }
  return readRelease(name, folder, false);
}

function hasCommit(commit: string): Promise<boolean> {
  return succeeds(run('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: ROOT }));
}

function installPackages(folder: string): Promise<boolean> {
  return succeeds(run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder }));
}

function succeeds(running: Promise<unknown>): Promise<boolean> {
  return running.then(
    () => true,
    () => false,
  );
}

/** What a run that was cut off has left is done anew. */
async function checkOut(commit: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(RELEASES, { recursive: true });
  await run('git', ['worktree', 'prune'], { cwd: ROOT });
  await run('git', ['worktree', 'add', '--force', '--detach', folder, commit], { cwd: ROOT });
}

async function readRelease(name: string, folder: string, isOurs: boolean): Promise<Release> {
  const entries = readProcfile(readFileSync(join(folder, 'Procfile'), 'utf8'));
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { migrations } = await import(pathToFileURL(join(folder, 'dist/migrations/index.js')).href);
  return {
    name,
    entries: Object.fromEntries(Object.entries(entries).map(([kind, file]) => [kind, resolve(folder, file)])),
    isOurs,
    migrations: (migrations as { name: string }[]).map((one) => one.name),
    async migrate(url) {
      const [, ...args] = String(scripts.migrate).split(' ');
      const { PATH = '', HOME = '' } = process.env;
      await run(process.execPath, args, { cwd: folder, env: { PATH, HOME, DATABASE_URL: url } });
    },
  };
}
