/** Row-level security that is switched off, weakened or widened is a finding of the verifier. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { described, TABLES } from '../support/tables.ts';
import { openTamperer, type Tamperer } from './tamper.ts';
import { openTestDatabase, type TestDatabase } from './testDatabase.ts';

let database: TestDatabase;
let tamperer: Tamperer;

beforeAll(async () => {
  database = await openTestDatabase();
  tamperer = await openTamperer(database.url);
});

afterAll(async () => {
  await tamperer.close();
  await database.close();
});

test('as the migrations set it there is nothing to find', async () => {
  expect(await tamperer.guardIssues('select 1')).toEqual([]);
});

const SECURED = [...new Set(described('policy').map(({ table }) => table))];

test('every table of a noun has policies', () => {
  expect(SECURED).toEqual(expect.arrayContaining(TABLES));
});

test.each([
  ['switched off', 'disable row level security'],
  ['not for its owner', 'no force row level security'],
])('row security of every table that is %s is named', async (_, change) => {
  const issues = await tamperer.guardIssues(SECURED.map((table) => `alter table ${table} ${change}`).join(';'));
  expect(issues.toSorted()).toEqual(SECURED.map((table) => `Guard disabled: row security of ${table}`).sort());
});

test('row security of one table alone is named alone', async () => {
  const disabled = [`Guard disabled: row security of ${SECURED[0]}`];
  expect(await tamperer.guardIssues(`alter table ${SECURED[0]} disable row level security`)).toEqual(disabled);
});

test('every policy there is is missed when it is gone, and noticed when it says something else', async () => {
  const { rows } = await tamperer.db.query<{ policy: string; table: string; part: string }>(
    `select policyname as policy, tablename as table, case cmd when 'INSERT' then 'with check' else 'using' end as part
     from pg_policies where schemaname = 'public' order by 1, 2`,
  );
  expect(new Set(rows.map(({ table }) => table))).toEqual(new Set(SECURED));
  const issues = (change: string) =>
    tamperer.guardIssues(
      rows
        .map(({ policy, table, part }) => change.replace('it', `policy ${policy} on ${table}`).replace('says', part))
        .join(';'),
    );
  const each = (what: string) => rows.map(({ policy, table }) => `Guard ${what}: policy ${policy} of ${table}`);
  expect(await issues('drop it')).toEqual(each('missing'));
  expect(await issues('alter it to public')).toEqual(each('changed'));
  expect(await issues('alter it says (now() is not null)')).toEqual(each('changed'));
});

test('a policy too many is named', async () => {
  const change = 'create policy more on events for select to plearoll_api using (true)';
  expect(await tamperer.guardIssues(change)).toEqual(['Guard added: policy more of events']);
});

test.each(['is_open(institution_id uuid, visibility text)', 'is_own_command(actor_id text, institution_id uuid)'])(
  'a condition that says yes to everybody is named: %s',
  async (signature) => {
    const change = `create or replace function ${signature} returns boolean language sql stable as 'select true'`;
    expect(await tamperer.guardIssues(change)).toEqual([`Guard changed: function ${signature.split('(')[0]}`]);
  },
);
