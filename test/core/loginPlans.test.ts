/**
 * Lists of login sessions, step-ups and what sweeps them go by keys, however many people have signed in: the statements that
 * readers, doors and jobs send, explained over a million login sessions.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUpExpired } from '../../jobs/logins/cleanUpExpired.ts';
import { endSuspended } from '../../jobs/logins/endSuspended.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { keyOf, loadEndings, loadEndingsNamed, loadEndingsOf } from '../../src/logins/ending.ts';
import { readLogins } from '../../src/logins/readLogins.ts';
import { readTimeline } from '../../src/logins/readTimeline.ts';
import { askStepUp, findSteppedUp } from '../../src/logins/stepUp.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { byKeys, explaining, type Node } from '../support/plans.ts';

const LOGINS = 1_000_000;
const EACH = 100;
const INSTITUTIONS = 20;
/** Of a page of 50 the login sessions, whether each was ended, and their places; of a sweep a portion of each table. */
const MOST_ROWS = 10_000;
const BIG = ['logins', 'login_places', 'login_ends', 'step_ups'];

const idOf = (n: number | string) => `('00000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const uuid = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const PERSON = LOGINS + 77;
const INSTITUTION = 2 * LOGINS + (PERSON % INSTITUTIONS);

let bench: Workbench;
let api: ReturnType<typeof openPool>;

beforeAll(async () => {
  bench = await openWorkbench({ movesClock: false });
  api = openPool(bench.database.url, 'api', 1, () => {});
  await bench.database.pool.query(`
    insert into logins
    select ${idOf('i')}, ${idOf(`${LOGINS} + i / ${EACH}`)}, ${idOf(`${2 * LOGINS} + (${LOGINS} + i / ${EACH}) % ${INSTITUTIONS}`)},
      now() - i * interval '1 minute', now(), now() + (i % 50 - 25) * interval '1 hour' + interval '30 minutes'
    from generate_series(0, ${LOGINS - 1}) as i;
    insert into login_places
    select ${idOf('i')}, kind, repeat('a', 32), now(), now()
    from generate_series(0, ${LOGINS - 1}) as i, unnest('{device,network}'::text[]) as kind where i % 5 = 0;
    insert into login_ends
    select id, user_id, institution_id, now(), 'somebody', 'Stolen.', case when id <> ${idOf(500)} then now() end
    from logins where substr(id::text, 36) in ('4', 'c');
    insert into step_ups
    select id, user_id, institution_id, now() - interval '23 hours', 'turn.start', 'policy', null, now(), ${idOf(1)}
    from logins where substr(id::text, 36) = '7';
    insert into step_ups
    select id, user_id, institution_id, now() - interval '25 hours', 'turn.start', 'policy', null, null, null
    from logins where substr(id::text, 36) = '8' limit 500;
    update step_ups set confirmed_in = login_id where confirmed_in is not null`);
  await bench.database.pool.query('analyze');
}, 600_000);
afterAll(async () => {
  await api?.end();
  await bench?.close();
});

const expectByKeys = byKeys({ big: BIG, most_rows: MOST_ROWS });

async function reading<T>(actor: Actor, read: (db: Queryable) => Promise<T>): Promise<{ plans: Node[]; told: T }> {
  const plans: Node[] = [];
  const told = await createReading(api, api).inScope(actor, null, (db) => read(explaining(db, plans)));
  return { plans, told };
}

const person: Actor = { id: uuid(PERSON), role: 'judge', institution_id: uuid(INSTITUTION) };
const people: [string, Actor][] = [
  ['their person', person],
  ['an admin', { ...person, id: uuid(3 * LOGINS), role: 'admin' }],
  ['a super_admin', { id: uuid(3 * LOGINS), role: 'super_admin', institution_id: null }],
];

describe('with a million login sessions', () => {
  test.each(people)('%s reads a page of them, the next, and those of one person, by keys', async (_, actor) => {
    for (const query of [{}, { user_id: person.id }]) {
      const asked = { limit: 50, ...query };
      const first = await reading(actor, (db) => readLogins.read({ db, actor, params: {}, query: asked } as never));
      const { items } = first.told as { items: { first_seen: string; id: string }[] };
      expect(items).toHaveLength(50);
      expectByKeys(first.plans, 2);
      const { first_seen, id } = items.at(-1)!;
      const more = { ...asked, cursor: [first_seen, id] };
      const next = await reading(actor, (db) => readLogins.read({ db, actor, params: {}, query: more } as never));
      expectByKeys(next.plans, 2);
    }
  });

  test.each(people)('%s reads the timeline of one by its key', async (_, actor) => {
    const params = { login_id: uuid((PERSON - LOGINS) * EACH + 7) };
    const { plans, told } = await reading(actor, (db) => readTimeline.read({ db, actor, params, query: {} } as never));
    expect(told).toMatchObject({ id: params.login_id });
    expectByKeys(plans, 1);
  });

  test('what ends them, and what is asked of them, goes by keys', async () => {
    const plans: Node[] = [];
    const db = explaining(bench.tools.pool as never, plans);
    expect(await loadEndings(db, [uuid(7), uuid(8)])).toHaveProperty('size', 2);
    const named = [7, 8].map((n) => keyOf({ login_id: uuid(n), user_id: uuid(LOGINS), owner: uuid(1) }));
    expect(await loadEndingsNamed(db, [...named, `${uuid(7)}  `])).toHaveProperty('size', 3);
    expect((await loadEndingsOf(db, person.id)).length).toBeGreaterThan(0);
    await endSuspended(db, async () => {}).poll();
    const asking = {
      login_id: uuid(9),
      user_id: uuid(LOGINS),
      institution_id: null,
      asked_for: 'risk',
      asked_by: 'risk',
    };
    expect(await askStepUp(db, asking)).toBeDefined();
    const logins = [7, 9].map((n) => ({ login_id: uuid(n), user_id: uuid(LOGINS) }));
    const lookedAt = logins.map((login) => ({ ...login, from: null }));
    expect(await findSteppedUp(db, lookedAt)).toMatchObject([logins[0]]);
    const used = logins.map((login) => ({ ...login, from: { device: 'a', network: 'b' } }));
    // It was confirmed elsewhere.
    expect(await findSteppedUp(db, used)).toEqual([]);
    expectByKeys(plans, 8);
  });

  test('what has ended a day ago is removed in portions, by keys', async () => {
    const plans: Node[] = [];
    const pool = explaining(bench.tools.pool as never, plans);
    let left = 2;
    const isOver = () => left-- <= 0;
    expect(await cleanUpExpired.run({ ...bench.tools, pool: pool as never, isOver })).toMatchObject({ removed: 2_000 });
    const rest = { ...bench.tools, pool: pool as never };
    expect(await cleanUpExpired.run(rest)).toEqual({ removed: 18_000, ends: 0, step_ups: 500 });
    expectByKeys(plans, 2);
  });
});
