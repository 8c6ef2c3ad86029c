/** The key of snapshots: shared by a file apart from the database, and by the same code alone. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { digestCode } from '../../src/infra/process/codeDigest.ts';
import { openStateKey, stateKeyFile } from '../../src/infra/stateKey.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'plearoll-states-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

test('is the same for all that have the file, which is made once and for nobody else', async () => {
  const file = stateKeyFile({ PLEAROLL_HOME: home }, 'one');
  const log = { warn: vi.fn() };
  const [first, second, third] = [
    ...(await Promise.all([openStateKey(file, log), openStateKey(file, log)])),
    await openStateKey(file, log),
  ];
  expect([first, second]).toEqual([third, third]);
  expect(third).toHaveLength(32);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await openStateKey(stateKeyFile({ PLEAROLL_HOME: home }, 'two'), log)).not.toEqual(third);
  expect(log.warn).not.toHaveBeenCalled();
});

test('is each process’s own where the file cannot be had or holds something else, and that is said', async () => {
  const file = join(home, 'states.key');
  await writeFile(file, 'nothing of ours');
  const log = { warn: vi.fn() };
  const keys = [await openStateKey(file, log), await openStateKey(file, log), await openStateKey(home, log)];
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(3);
  expect(log.warn).toHaveBeenCalledTimes(3);
});

test('the code is another when any of its files is', async () => {
  const digests: string[] = [];
  for (const text of ['1', '2', '2']) {
    await writeFile(join(home, 'fold.ts'), text);
    digests.push(await digestCode(home));
  }
  await writeFile(join(home, 'notes.md'), 'no code');
  expect(digests[0]).not.toBe(digests[1]);
  expect([digests[2], await digestCode(home)]).toEqual([digests[1], digests[1]]);
});
