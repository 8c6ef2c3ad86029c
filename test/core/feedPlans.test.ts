/**
 * What is listed of feeds costs what its page costs, whatever other institutions and years have left beside it: feeds with
 * their conflicts, people, runs, and matches with what happened in them. The statements that the readers send, explained
 * over one institution with half of all there is.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNext, findOverdue } from '../../jobs/feeds/importLedger.ts';
import { readSituation } from '../../jobs/feeds/situation.ts';
import { readTargets } from '../../jobs/feeds/targets.ts';
import { tellDisputes } from '../../jobs/feeds/tellDisputes.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { readKnown } from '../../src/feeds/imports/readKnown.ts';
import { readImported, readRound } from '../../src/feeds/matches/readRound.ts';
import type { WithinTransaction } from '../../src/feeds/matches/storeMatches.ts';
import { readRun } from '../../src/http/feeds/serveRun.ts';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, nodesOf, rowsRead, walksOf } from '../support/plans.ts';

const FEEDS = 4_000;
/** Of each feed. */
const [PEOPLE, CONFLICTS, RUNS, DEBATES] = [50, 25, 50, 50];
/** One of so many conflicts is open. */
const OPEN = 5;
/** Feeds of which a run waits. */
const WAITING = 200;
const MATCHES = 200_000;
/** Of the matches that have many. */
const EVENTS = 1_000;
const DISPUTES = 20_000;
/** Feeds of an institution, and matches of each of them that are near. */
const [HEAPING, HEAPED] = [25, 1_000];
/** Of one of so many nobody was told. */
const UNTOLD = 100;
/** A page has 50 items; a match is found for each of three reasons, and looked up with its assignment. */
const MOST_ROWS = 2_500;
/** For each room of a page it is asked whether it is among those in which the reader has one of the 40 seats. */
const MOST_WITH_SEATS = 8_000;
const BIG = [
  ...['feeds', 'feed_states', 'feed_people', 'feed_conflicts', 'feed_runs', 'feed_mappings', 'assignments', 'rosters'],
  ...['matches', 'match_state', 'match_events', 'match_disputes'],
];

const OWN = '00000000-0000-7000-9000-000000000000';
const ON_ROSTERS = '00000000-0000-7000-9000-00000000000a';
const within = (place: string) => (n: string) =>
  `('00000000-0000-7000-${place}-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const matchId = within('8000');
const feedId = within('8100');
const strangerId = within('8200');
const runId = within('8300');
const uuidOf = (place: string, n: number) => `00000000-0000-7000-${place}-${n.toString(16).padStart(12, '0')}`;
/** Of the own institution, and there. */
const FEED = uuidOf('8100', FEEDS - 2);
/** Those that are divided by 4 are rooms of the own institution, and the next ones its matches of feeds. */
const [ROOM, MATCH] = [uuidOf('8000', MATCHES - 4), uuidOf('8000', MATCHES - 3)];
const RUN = uuidOf('8300', (FEEDS - 2) * RUNS);

let database: TestDatabase;
let pools: Record<'api' | 'feeds' | 'worker', pg.Pool>;

beforeAll(async () => {
  database = await cloneDatabase();
  // Checks of each row would take longer than all the rest, and have no part in any plan.
  await database.pool.query(`
    set session_replication_role = replica;
    insert into feeds (id, institution_id, provider, name, base_url, tournament, visibility, state, created_at, changed_at)
    select ${feedId('i')}, case when i % 2 = 0 then '${OWN}'::uuid else ${strangerId('i / 20')} end, 'tabbycat', 'Moot ' || i,
      'https://tab.example.org', 'moot', 'institution', case when i % 10 = 0 then 'removed' else 'enabled' end,
      timestamptz '2027-03-01Z' - (${FEEDS} - i) * interval '1 hour', now()
    from generate_series(0, ${FEEDS - 1}) as i;
    insert into feed_states select id, now(), 3 from feeds;
    insert into feed_people (feed_id, provider_id, kind, name, user_id)
    select ${feedId('i')}, j::text, 'speaker', 'Name', md5(i || ' ' || j)::uuid
    from generate_series(0, ${FEEDS - 1}) as i, generate_series(1, ${PEOPLE}) as j;
    insert into feed_conflicts (feed_id, n, assignment_id, debate, field, base, ours, theirs, settled_at, taken)
    select ${feedId('i')}, j, md5(i || ' ' || j)::uuid, j::text, 'courtroom', '"A"', '"B"', '"C"',
      case when j % ${OPEN} > 0 then now() end, case when j % ${OPEN} > 0 then 'ours' end
    from generate_series(0, ${FEEDS - 1}) as i, generate_series(1, ${CONFLICTS}) as j;
    insert into feed_mappings (feed_id, entity_type, provider_id, canonical_id, round, base)
    select ${feedId('i')}, 'debate', j::text, ${matchId(`4 * ((i * ${DEBATES} + j) % ${MATCHES / 4})`)}, 1 + j % 10, '{}'
    from generate_series(0, ${FEEDS - 1}) as i, generate_series(1, ${DEBATES}) as j;
    insert into feed_runs (id, feed_id, institution_id, kind, actor_id, actor_role, state, answer, asked_at, due_at, finished_at)
    select ${runId(`i * ${RUNS} + j`)}, f.id, f.institution_id, 'sync', 'admin', 'admin',
      case when waits then 'waiting' else 'done' end, case when waits then null else '{}'::json end,
      now() - interval '1 day', now() - interval '1 hour', case when waits then null else now() end
    from generate_series(0, ${FEEDS - 1}) as i join feeds f on f.id = ${feedId('i')}, generate_series(0, ${RUNS - 1}) as j
    cross join lateral (select j = ${RUNS - 1} and i >= ${FEEDS - WAITING} as waits) w`);
  await database.pool.query(`
    set session_replication_role = replica;
    insert into assignments (id, institution_id, title, courtroom, scheduled_at, visibility, format, created_at)
    select ${matchId('i')}, case when i % 4 = 0 then '${OWN}'::uuid else ${strangerId('i / 500')} end, 'Title', 'Courtroom',
      timestamptz '2027-03-01Z' - (${MATCHES} - i) * interval '5 minutes', (array['institution', 'private', 'public'])[1 + i / 4 % 3],
      '"moot-20"', now()
    from generate_series(0, ${MATCHES - 2}, 2) as i;
    insert into rosters (assignment_id, user_id, role, name, presiding, place)
    select ${matchId('i')}, case when role = 'judge' and i % 5000 = 4 then '${ON_ROSTERS}'::uuid else md5(i || role)::uuid end,
      role, 'Name', role = 'judge', 0
    from generate_series(0, ${MATCHES - 2}, 2) as i, unnest(array['petitioner', 'respondent', 'judge']) as role;
    insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, assignment_id, title, courtroom,
      scheduled_at, listed_at, phase, published)
    select ${matchId('i')}, case when i % 4 < 2 then '${OWN}'::uuid else ${strangerId('i / 500')} end,
      (array['institution', 'private', 'public'])[1 + i / 4 % 3], case when i % 2 = 0 then 'internal' else 'tabbycat' end,
      case when i % 2 = 1 then ${feedId(`i / 50 % ${FEEDS}`)} end, case when i % 2 = 1 then i::text end,
      case when i % 2 = 1 then 1 + i / 16 % 10 end, case when i % 2 = 0 then ${matchId('i')} end, 'Title', 'Courtroom', at, at,
      case when i < ${MATCHES - 1_200} then 'finished' else (array['scheduled', 'pre_match', 'live'])[1 + i / 6 % 3] end,
      i % 20 <> 19
    from generate_series(0, ${MATCHES - 1}) as i
    cross join lateral (select timestamptz '2027-03-01Z' - (${MATCHES} - i) * interval '5 minutes' as at) t;
    insert into match_state (match_id, version, seq, state, source, updated_at)
    select id, 1, ${EVENTS}, '{}', 1, listed_at from matches;
    insert into match_events (match_id, seq, provider, provider_event_id, kind, at, details, confidence, superseded)
    select ${matchId('i')}, j, 'tabbycat', j::text, 'phase', now(), '{}', 90, false
    from generate_series(${MATCHES - 100}, ${MATCHES - 1}) as i, generate_series(1, ${EVENTS}) as j;
    insert into match_disputes (match_id, other_id, institution_id, scores, found_at, kept_until, told_at)
    select ${matchId('i')}, ${matchId('i + 4')}, '${OWN}', '[]', now(), now() + interval '7 days', case when i % ${UNTOLD} > 0 then now() end
    from generate_series(${MATCHES - DISPUTES - 5}, ${MATCHES - 5}) as i`);
  await database.pool.query('analyze');
  const open = (role: keyof typeof pools) => openPool(database.url, role, 1, () => {});
  pools = { api: open('api'), feeds: open('feeds'), worker: open('worker') };
}, 300_000);

afterAll(async () => {
  await Promise.all(Object.values(pools ?? {}).map((pool) => pool.end()));
  await database?.drop();
});

const admin: Actor = { id: randomUUID(), role: 'admin', institution_id: OWN };
const superAdmin: Actor = { id: randomUUID(), role: 'super_admin', institution_id: null };
const people: [string, Actor][] = [
  ['an admin', admin],
  ['a judge who is on rosters', { id: ON_ROSTERS, role: 'judge', institution_id: OWN }],
  ['counsel of nowhere', { id: ON_ROSTERS, role: 'participant', institution_id: randomUUID() }],
  ['a super_admin', superAdmin],
];

function expectKeys(plans: readonly Node[], most = MOST_ROWS): void {
  const nodes = plans.flatMap(nodesOf);
  expect(plans).not.toEqual([]);
  expect(walksOf(nodes).filter((table) => BIG.includes(table))).toEqual([]);
  expect(nodes.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThan(most);
}

/** @returns where its next page begins */
async function readBy(actor: Actor, name: string, params: { [name: string]: string }, asked: object, plans: Node[]) {
  const { query: schema, read } = queries.find((one) => one.name === name)!;
  const query = schema.parse(asked);
  const found = await createReading(pools.api, pools.api).inScope(actor, null, (db) =>
    read({ db: explaining(db, plans), actor, params, query, catalog }),
  );
  return (found as { next_cursor?: string | null } | undefined)?.next_cursor ?? undefined;
}

/** Its first page and its second. */
async function expectPages(actor: Actor, name: string, params: { [name: string]: string }, asked: object = {}) {
  for (let cursor: string | undefined, page = 0; page < 2; page += 1) {
    const plans: Node[] = [];
    cursor = await readBy(actor, name, params, { ...asked, ...(cursor !== undefined && { cursor }) }, plans);
    expectKeys(plans, actor.id === ON_ROSTERS ? MOST_WITH_SEATS : MOST_ROWS);
    if (cursor === undefined) return page;
  }
  return 2;
}

describe.each(people)('for %s', (_, actor) => {
  test.each(['nothing', 'scheduled', 'live', 'finished', 'suspended'])('matches by %s go by keys', async (state) => {
    await expectPages(actor, 'match.list', {}, state === 'nothing' ? {} : { state });
  });

  test.each([
    ['match.get', ROOM],
    ['match.get', MATCH],
    ['match.state', MATCH],
    ['match.events', MATCH],
  ])('%s goes by keys', async (name, match_id) => {
    await expectPages(actor, name, { match_id });
  });
});

describe.each([people[0]!, people[3]!])('for %s', (_, actor) => {
  test('feeds are listed by keys, each with what waits for an admin', async () => {
    expect(await expectPages(actor, 'feed.list', {})).toBe(2);
    await expectPages(actor, 'feed.get', { feed_id: FEED });
  });
});

describe.each([people[0]!])('for %s', (_, actor) => {
  test('the people of a feed are listed by keys', async () => {
    expect(await expectPages(actor, 'feed.people', { feed_id: FEED }, { limit: '20' })).toBe(2);
  });

  test('a run is found by its key', async () => {
    const plans: Node[] = [];
    const reading = createReading(pools.api, pools.api);
    const inScope = <T>(who: Actor, session_id: string | null, read: (db: Queryable) => Promise<T>) =>
      reading.inScope(who, session_id, (db) => read(explaining(db, plans)));
    expect(await readRun({ reading: { inScope } } as never, actor, FEED, RUN)).toMatchObject({ id: RUN });
    expectKeys(plans);
  });
});

test('workers find the runs that wait, and what is known of a round, by keys', async () => {
  const plans: Node[] = [];
  const db = explaining(pools.worker, plans);
  expect(await findOverdue(db)).toHaveLength(20);
  expect(await findNext(db, FEED)).toBeDefined();
  expect((await readKnown(db, FEED, [1], ['7'])).length).toBeGreaterThan(0);
  expect((await readImported(db, FEED, ['7', '8'])).size).toBe(2);
  await readRound(db, FEED, 1);
  const asked = {
    feed_id: FEED,
    round: 1,
    debates: ['7', '8'],
    term: 1,
    until_ms: Date.now() + 3_600_000,
    is_busy: false,
  };
  const situation = await readSituation(db, asked);
  expect(situation).toMatchObject({ skipped: null, feed: { id: FEED }, imported: { size: 2 } });
  for (const plan of plans) expectKeys([plan]);
});

test('admins are told of what sources disagree about by what nobody was told of', async () => {
  const plans: Node[] = [];
  const within: WithinTransaction = (work) => inTransaction(pools.feeds, (db) => work(explaining(db, plans)));
  expect(await tellDisputes(pools.worker, within, async () => {})).toBe(DISPUTES / UNTOLD);
  expectKeys(plans.slice(0, 1));
  expect(JSON.stringify(plans)).toContain('match_disputes_untold');
});

test('the leader finds the rounds that are near by their feeds and time, and of one institution no more than its part', async () => {
  const [heaping, begun] = [randomUUID(), 20];
  await database.pool.query(
    `with made as (
       insert into feeds (id, institution_id, provider, name, base_url, visibility, state, created_at, changed_at)
       select gen_random_uuid(), $1, 'generic_json', 'Heap', 'https://heap.example.org', 'institution', 'enabled', now(), now()
       from generate_series(1, ${HEAPING}) returning id
     )
     insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, title, listed_at, phase, published)
     select gen_random_uuid(), $1, 'institution', 'generic_json', id, n::text, 1 + n % 2, 'A v. B',
       now() + (n - $2) * interval '1 minute', 'scheduled', true
     from made, generate_series(1, ${HEAPED}) as n`,
    [heaping, begun],
  );
  await database.pool.query('analyze feeds, matches');
  const plans: Node[] = [];
  const rows = await readTargets(explaining(pools.worker, plans));
  const theirs = rows.filter(({ institution_id }) => institution_id === heaping);
  expect(theirs).toHaveLength(2 * HEAPING);
  // Of each feed its part of the half that is to come, and those that have begun.
  const each = 10_000 / HEAPING + begun;
  expect(theirs.reduce((sum, { match_ids }) => sum + match_ids.length, 0)).toBe(HEAPING * each);
  const nodes = nodesOf(plans[0]!);
  expect(walksOf(nodes).filter((table) => BIG.includes(table))).toEqual([]);
  const read = nodes.filter((node) => node['Relation Name'] === 'matches');
  expect(new Set(read.map((node) => node['Index Name']))).toEqual(new Set(['matches_of_feed_by_time']));
  // With those of others that are near, in nine days one each five minutes, and one to find each feed by.
  expect(read.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThan(HEAPING * each + FEEDS);
});
