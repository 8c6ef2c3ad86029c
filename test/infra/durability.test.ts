/** What a commit is good for is asked of the database, as each connection has it, and told. */
import { expect, onTestFinished, test } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import {
  type Durability,
  describeDurability,
  readDurability,
  survivesCrash,
} from '../../src/infra/postgres/durability.ts';
import { cloneDatabase } from '../support/database.ts';

const USUAL: Durability = {
  ...{ synchronous_commit: 'on', synchronous_standby_names: '', fsync: 'on', full_page_writes: 'on' },
};

test.each<[string, Partial<Durability>, boolean, RegExp]>([
  ['on', {}, true, /on the disk.*standby is not waited for/],
  ['local', { synchronous_commit: 'local', synchronous_standby_names: 'b' }, true, /standbys are not waited for/],
  [
    'remote_apply',
    { synchronous_commit: 'remote_apply', synchronous_standby_names: 'b' },
    true,
    /with its standbys \(b\)/,
  ],
  ['off', { synchronous_commit: 'off' }, false, /synchronous_commit = off: .*can be lost/],
  ['a disk that is not waited for', { fsync: 'off' }, false, /fsync = off: .*can be lost/],
  ['torn pages', { full_page_writes: 'off', fsync: 'off' }, false, /fsync = off, full_page_writes = off/],
])('of %s it is said whether what was accepted survives a crash', (_, changes, survives, said) => {
  const found = { ...USUAL, ...changes };
  expect([survivesCrash(found), describeDurability(found)]).toEqual([survives, expect.stringMatching(said)]);
});

test('what a database has set for itself is what its connections say', async () => {
  const database = await cloneDatabase();
  onTestFinished(() => database.drop());
  const name = new URL(database.url).pathname.slice(1);
  await database.pool.query(`alter database "${name}" set synchronous_commit = off`);
  const pool = openPool(database.url, 'door', 1, () => {});
  onTestFinished(() => pool.end());
  expect(await readDurability(pool as never)).toMatchObject({ synchronous_commit: 'off' });
});
