/** A run that was killed leaves its folders and its Postgres; the next takes them away, and nothing else. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepRunFolder, makeRunFolder, sweepRunFolders } from './support/runFolders.ts';

const dead = () => spawnSync('true').pid;

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'plearoll-run-folders-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function folderOf(pid: number, host = hostname()): Promise<string> {
  const folder = await makeRunFolder(parent, 'run-');
  await writeFile(join(folder, 'owner'), `${pid} ${host}`);
  return folder;
}

test('what a dead run left is removed; what is kept, of another host, or of a run that lives stays', async () => {
  const left = await folderOf(dead());
  await folderOf(dead(), 'another-host');
  await makeRunFolder(parent, 'run-');
  await keepRunFolder(await folderOf(dead()));
  await mkdir(join(parent, 'other-folder'));
  expect(await sweepRunFolders(parent, 'run-')).toEqual([left]);
  expect(await readdir(parent)).toHaveLength(4);
});

test('of what is kept the newest three stay, and one that somebody looks at', async () => {
  const kept: string[] = [];
  const gone: string[] = [];
  for (const n of [1, 2, 3, 4, 5]) {
    const folder = await folderOf(dead());
    await mkdir(join(folder, 'postgres'));
    if (n === 1) await writeFile(join(folder, 'postgres', 'postmaster.pid'), '1');
    gone.push(...(await keepRunFolder(folder)));
    // Of one moment they would have no order.
    await utimes(folder, n, n);
    kept.push(folder);
  }
  expect(gone).toEqual([kept[1]]);
  expect((await readdir(parent)).sort()).toEqual(
    kept
      .filter((folder) => folder !== kept[1])
      .map((one) => basename(one))
      .sort(),
  );
});

test('the Postgres that a dead run left is ended, and no other program that has its pid by now', async () => {
  const forEver = ['-e', 'setInterval(() => {}, 1_000); console.log("up")'];
  for (const isIts of [true, false]) {
    const folder = await folderOf(dead());
    const data = join(folder, 'postgres');
    await mkdir(data);
    const child = spawn(process.execPath, [...forEver, isIts ? data : 'else'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    await writeFile(join(data, 'postmaster.pid'), `${child.pid}\n${data}\n`);
    expect(await sweepRunFolders(parent, 'run-')).toEqual([folder]);
    if (!isIts) child.kill('SIGKILL');
    expect(await ended).toEqual([null, isIts ? 'SIGQUIT' : 'SIGKILL']);
  }
});
