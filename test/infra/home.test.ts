/** The lock on PLEAROLL_HOME and the secret in it, with real processes that race, die and come back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HomeInUseError, openHome, readOrMakeSecret } from '../../src/infra/postgres/plearollHome.ts';
import { isEverything } from '../support/everything.ts';

/** From the second on there is a lock of a killed process to meet. */
const ROUNDS = isEverything ? 5 : 2;
const STARTERS = isEverything ? 8 : 4;
const built = new URL('../../dist/src/infra/postgres/plearollHome.js', import.meta.url).href;
let parent: string;
let home: string;
let children: ChildProcess[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'plearoll-home-test-'));
  home = join(parent, 'home');
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(parent, { recursive: true });
});

test('a home is made for its owner only, holds the URL once it is published, and can be taken again once released', async () => {
  const first = await openHome(home);
  expect((await stat(home)).mode & 0o777).toBe(0o700);
  const unpublished = await openHome(home).catch((error) => error);
  expect(unpublished).toBeInstanceOf(HomeInUseError);
  expect(unpublished).toMatchObject({ pid: process.pid, url: null });
  await first.publish('http://127.0.0.1:3000');
  await expect(openHome(home)).rejects.toMatchObject({ pid: process.pid, url: 'http://127.0.0.1:3000' });
  await first.release();
  await first.release();
  expect(await readdir(home)).toEqual([]);
  await (await openHome(home)).release();
});

test('the lock tells who owns the home, and a later release by its last owner leaves it alone', async () => {
  const first = await openHome(home);
  await first.release();
  const second = await openHome(home);
  await first.publish('http://nobody');
  await first.release();
  const lock = JSON.parse(await readFile(join(home, 'plearoll.lock'), 'utf8'));
  expect(lock).toEqual({ pid: process.pid, started: expect.stringMatching(/./), url: null });
  await second.release();
});

test('of many starters at once exactly one gets the home, and the others learn its pid', async () => {
  const { winner, losers } = await race(STARTERS);
  expect(losers).toEqual(Array(STARTERS - 1).fill(`lost to ${winner}`));
});

test('of many starters who meet the lock of a killed process exactly one gets the home', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { winner, losers } = await race(STARTERS);
    expect(losers).toEqual(Array(STARTERS - 1).fill(`lost to ${winner}`));
    expect(existsSync(join(home, 'plearoll.lock'))).toBe(true);
    await killAll();
  }
});

test('starters who were killed while they raced block nobody', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const starters = await raise(STARTERS, `openHome(home).then(() => 'won', () => 'lost')`);
    for (const child of starters) child.send('go');
    await Promise.race(starters.map((child) => once(child, 'message')));
    await killAll();
  }
  await (await openHome(home)).release();
});

test('a pid that another program has by now does not hold the home', async () => {
  await (await openHome(home)).release();
  await writeFile(join(home, 'plearoll.lock'), JSON.stringify({ pid: process.pid, started: '1', url: 'http://gone' }));
  await (await openHome(home)).release();
});

test('a lock that a power cut left empty does not hold the home', async () => {
  await (await openHome(home)).release();
  await writeFile(join(home, 'plearoll.lock'), '');
  await (await openHome(home)).release();
});

test('the secret is made before the first start, once, and for its owner only', async () => {
  const secret = await readOrMakeSecret(home);
  expect(Buffer.from(secret, 'base64url')).toHaveLength(48);
  expect((await stat(join(home, 'jwt-secret'))).mode & 0o777).toBe(0o600);
  expect(await readOrMakeSecret(home)).toBe(secret);
});

test('processes that make the secret at once all get the same', async () => {
  const starters = await raise(STARTERS, 'readOrMakeSecret(home)');
  const secrets = await answers(starters);
  expect(new Set(secrets)).toEqual(new Set([await readOrMakeSecret(home)]));
  expect(await readdir(home)).toEqual(['jwt-secret']);
});

async function race(count: number): Promise<{ winner: number; losers: string[] }> {
  const act = `openHome(home).then(() => 'won', (error) => \`lost to \${error.pid ?? error.stack}\`)`;
  const starters = await raise(count, act);
  const outcomes = await answers(starters);
  const winners = starters.filter((_, index) => outcomes[index] === 'won');
  expect(winners).toHaveLength(1);
  return { winner: winners[0]!.pid!, losers: outcomes.filter((outcome) => outcome !== 'won') };
}

/** Child processes that are up and waiting for the word to evaluate `act`; they live on after their answer. */
async function raise(count: number, act: string): Promise<ChildProcess[]> {
  const script = `
    import { openHome, readOrMakeSecret } from ${JSON.stringify(built)};
    const home = ${JSON.stringify(home)};
    process.once('message', async () => process.send(await ${act}));
    process.on('disconnect', () => process.exit());
    process.send('up');`;
  const raised = Array.from({ length: count }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  children.push(...raised);
  await Promise.all(raised.map((child) => once(child, 'message')));
  return raised;
}

async function answers(starters: ChildProcess[]): Promise<string[]> {
  const told = starters.map(async (child) => (await once(child, 'message'))[0] as string);
  for (const child of starters) child.send('go');
  return Promise.all(told);
}

async function killAll(): Promise<void> {
  const gone = children.map((child) => once(child, 'exit'));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(gone);
  children = [];
}
