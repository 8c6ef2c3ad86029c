/** How matches stand in the database: stored by the role of feeds, read by relays and by the API in scope. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRoomFeed } from '../../jobs/feeds/roomFeed.ts';
import { createSweeping, sweepMatches } from '../../jobs/feeds/sweepMatches.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { maySeeMatch, type ShownState } from '../../src/feeds/matches/match.ts';
import { matchIdOf } from '../../src/feeds/matches/matchId.ts';
import type { MatchChange, MatchUpdate } from '../../src/feeds/matches/nextState.ts';
import { readMatch, readMatchEvents, readMatchState } from '../../src/feeds/matches/readMatch.ts';
import { findStaleRooms, readRooms } from '../../src/feeds/matches/readRooms.ts';
import { storeMatches } from '../../src/feeds/matches/storeMatches.ts';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { type Court, openCourt } from '../integrity/recordFixture.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { nodesOf, planOf, walksOf } from '../support/plans.ts';

let database: TestDatabase;
let court: Court;
let pools: Record<'api' | 'feeds' | 'relay' | 'worker', pg.Pool>;

beforeAll(async () => {
  database = await cloneDatabase();
  court = openCourt(database.url);
  const open = (role: keyof typeof pools) => openPool(database.url, role, 2, () => {});
  pools = { api: open('api'), feeds: open('feeds'), relay: open('relay'), worker: open('worker') };
});

afterAll(async () => {
  await Promise.all([court.close(), ...Object.values(pools).map((pool) => pool.end())]);
  await database.drop();
});

const within = <T>(work: (db: Queryable) => Promise<T>) => inTransaction(pools.feeds, work);
const store = (...updates: MatchUpdate[]) => storeMatches(pools.feeds, within, updates);
const relay = () => pools.relay as Queryable;

const hence = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
const AT = '2026-11-21T10:00:00.000Z';
const feed_id = randomUUID();
const institution_id = randomUUID();
const shown: ShownState = {
  ...{ phase: 'scheduled', score: null, title: 'Oslo v. Lima', courtroom: null, scheduled_at: AT },
  ...{ petitioner: 'Oslo', respondent: 'Lima' },
  ...{ speaker: null, behind_minutes: 0, awaits_result: false },
};
const said = (id: string) => ({
  ...{ provider: 'tabbycat', provider_event_id: id, kind: 'ballot', at: AT, details: { text: id }, confidence: 100 },
});

function matchOf(provider_id: string, more: Partial<MatchUpdate> = {}, row: object = {}): MatchUpdate {
  const id = matchIdOf(feed_id, provider_id);
  const whose = { id, institution_id, visibility: 'institution' as const, provider: 'tabbycat', feed_id, provider_id };
  const rest = { round: 1, pair: null, assignment_id: null, session_id: null, published: true };
  return { row: { ...whose, ...rest, ...row }, state: shown, source: 1, ...more };
}
const reader = (role: Actor['role'], of: string | null = institution_id): Actor => ({
  ...{ id: randomUUID(), role, institution_id: of },
});

test('a match is read as it was stored, and one that is not published is not there', async () => {
  const match = matchOf('1', { events: [said('a'), said('b')], stats: { rank: 1 } });
  await store(match, matchOf('2', {}, { published: false }));
  const { id } = match.row;
  expect(await readMatch(relay(), id)).toMatchObject({
    id,
    feed_id,
    phase: 'scheduled',
    title: 'Oslo v. Lima',
    scope: null,
  });
  expect(await readMatchState(relay(), id, 0)).toMatchObject({ tier: 0, version: 1, seq: 2, state: shown });
  expect((await readMatchState(relay(), id, 1))?.state).toEqual({});
  expect((await readMatchState(relay(), id, 2))?.state).toEqual({ rank: 1 });
  expect((await readMatchEvents(relay(), id, 1)).map(({ seq }) => seq)).toEqual([2]);
  expect(await readMatch(relay(), matchIdOf(feed_id, '2'))).toBeUndefined();
  await store({ ...matchOf('1', { source: 2 }), row: { ...match.row, published: false } });
  expect(await readMatch(relay(), id)).toBeUndefined();
  expect(await readMatchState(relay(), id, 0)).toBeUndefined();
  expect(await readMatchEvents(relay(), id, 10)).toEqual([]);
});

test('what says nothing new opens no transaction', async () => {
  await store(matchOf('3'));
  const refuse = () => Promise.reject(new Error('there is nothing to store'));
  expect(await storeMatches(pools.feeds, refuse, [matchOf('3', { source: 2, events: [] })])).toEqual([]);
});

test('workers that store at the same time make one version each, in order, and each event once', async () => {
  const rounds = Array.from({ length: 12 }, (_, i) => matchOf('4', { events: [said('first'), said(`e${i}`)] }));
  const changes = (await Promise.all(rounds.map((one) => store(one)))).flat();
  const versions = changes.filter(({ tier }) => tier === 1).map(({ version }) => version);
  expect(versions.toSorted((a, b) => a - b)).toEqual(rounds.map((_, i) => i + 1));
  const events = await readMatchEvents(relay(), matchIdOf(feed_id, '4'), 100);
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 13 }, (_, i) => i + 1));
  expect(new Set(events.map(({ details }) => details.text)).size).toBe(13);
});

test('an event that was derived gives way to what its provider says', async () => {
  await store(matchOf('5'));
  await store(matchOf('5', { state: { ...shown, phase: 'live' }, source: 2 }));
  await store(
    matchOf('5', { state: { ...shown, phase: 'live' }, events: [{ ...said('p'), kind: 'phase' }], source: 3 }),
  );
  const events = await readMatchEvents(relay(), matchIdOf(feed_id, '5'), 10);
  expect(events.map(({ confidence, superseded }) => ({ confidence, superseded }))).toEqual([
    { confidence: 30, superseded: true },
    { confidence: 100, superseded: false },
  ]);
});

test('of a result that is taken back nothing is left, and boards are told of each event that said it', async () => {
  const finished = (petitioner: number, source: number) => {
    const score = { petitioner, respondent: 75, winner: 'petitioner' } as const;
    return matchOf('9', { state: { ...shown, phase: 'finished', score }, stats: { rank: 1 }, source });
  };
  await store(matchOf('9'));
  await store(finished(80, 2));
  const corrected = await store(finished(81, 3));
  const told = (changes: MatchChange[]) =>
    changes.find(({ tier }) => tier === 1)!.events.map(({ seq, kind, superseded }) => [seq, kind, superseded]);
  expect(told(corrected)).toEqual([
    [2, 'result', true],
    [3, 'result', false],
  ]);
  const changes = await store(matchOf('9', { state: { ...shown, phase: 'scoring' }, source: 4 }));
  expect(told(changes)).toEqual([
    ...[2, 3].map((seq) => [seq, 'result', true]),
    ...[
      [4, 'phase', false],
      [5, 'result_withdrawn', false],
    ],
  ]);
  const { id } = matchOf('9').row;
  const events = await readMatchEvents(relay(), id, 10);
  const results = [...events, ...changes.flatMap((one) => one.events)].filter(({ kind }) => kind.startsWith('result'));
  expect(results.map(({ details }) => details)).toEqual(Array.from({ length: 6 }, () => ({})));
  expect((await readMatchState(relay(), id, 2))?.state).toEqual({});
});

test('the API shows a match of a feed by the visibility of the feed, and one of a room by its assignment', async () => {
  await store(matchOf('6'), matchOf('7', {}, { visibility: 'private' }), matchOf('8', {}, { visibility: 'public' }));
  const room = await court.assignment(institution_id);
  await store(...(await readRooms(pools.worker, [room])));
  const ids = [...['6', '7', '8'].map((one) => matchIdOf(feed_id, one)), room];
  const seenBy = (actor: Actor) =>
    createReading(pools.api, pools.api).inScope(actor, null, async (db) => {
      const { rows } = await db.query<{ id: string }>('select id from matches where id = any($1)', [ids]);
      await db.query('select from match_state');
      return rows.map(({ id }) => ids.indexOf(id)).sort();
    });
  const found = await Promise.all(ids.map((id) => readMatch(relay(), id)));
  const saysRule = (actor: Actor | null) => found.flatMap((match, i) => (maySeeMatch(actor, match!) ? [i] : []));
  const stranger = randomUUID();
  for (const [actor, expected] of [
    [reader('admin'), [0, 1, 2, 3]],
    [reader('judge'), [0, 2, 3]],
    [reader('admin', stranger), [2]],
    [reader('super_admin', null), [0, 1, 2, 3]],
    [reader('observer'), [0, 2, 3]],
  ] as const) {
    expect(saysRule(actor)).toEqual(expected);
    expect(await seenBy(actor)).toEqual(expected);
  }
  expect(saysRule(null)).toEqual([2]);
});

test('a room is a match of its assignment’s id, as long as it is the last that was recorded', async () => {
  const assignment_id = await court.assignment();
  const days = { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' };
  const start = { after_time: days.from, after_id: '00000000-0000-0000-0000-000000000000' };
  const isStale = async () => (await findStaleRooms(pools.worker, days, start, 500)).ids.includes(assignment_id);
  expect(await isStale()).toBe(true);
  await store(...(await readRooms(pools.worker, [assignment_id])));
  expect(await isStale()).toBe(false);
  expect(await readMatchState(relay(), assignment_id, 0)).toMatchObject({ version: 1, state: { phase: 'scheduled' } });
  const session_id = await court.session(assignment_id);
  expect(await isStale()).toBe(true);
  await store(...(await readRooms(pools.worker, [assignment_id])));
  const match = await readMatch(relay(), assignment_id);
  expect(match).toMatchObject({ provider: 'internal', phase: 'pre_match', session_id });
  expect(maySeeMatch({ id: randomUUID(), role: 'judge', institution_id: court.institution_id }, match!)).toBe(true);
  expect(maySeeMatch(reader('judge'), match!)).toBe(false);
});

test('a room that was touched is read again and told of, and one that was missed is found', async () => {
  const told: MatchChange[] = [];
  const rooms = createRoomFeed({
    ...{ db: pools.worker, feedsPool: pools.feeds, log: createLog('silent', 'test') },
    publishMatch: async (change) => void told.push(change),
  });
  const [touched, missed] = [await court.assignment(), await court.assignment(undefined, { scheduled_at: hence(3) })];
  rooms.touch([touched]);
  await rooms.idle();
  expect(told.map(({ match_id, tier, version }) => ({ match_id, tier, version }))).toEqual([
    { match_id: touched, tier: 0, version: 1 },
  ]);
  await rooms.heal();
  expect(told.map(({ match_id }) => match_id)).toContain(missed);
  const session_id = await court.session(missed);
  await court.send(['session.start', { session_id }]);
  await rooms.heal();
  expect(told.filter(({ match_id, tier }) => match_id === missed && tier === 0).at(-1)?.changed).toMatchObject({
    phase: 'live',
  });
  const heard = told.length;
  await rooms.heal();
  expect(told).toHaveLength(heard);
  await rooms.close();
});

test('rooms that are touched between two rounds are read together, in the next', async () => {
  const begins: (() => void)[] = [];
  const told: string[] = [];
  const rooms = createRoomFeed({
    ...{ db: pools.worker, feedsPool: pools.feeds, log: createLog('silent', 'test') },
    publishMatch: async ({ match_id }) => void told.push(match_id),
    soon: (begin) => void begins.push(begin),
  });
  const [first, second, third] = [await court.assignment(), await court.assignment(), await court.assignment()];
  rooms.touch([first]);
  begins.shift()!();
  await rooms.idle();
  expect(told).toEqual([first]);
  rooms.touch([second]);
  rooms.touch([third, second]);
  expect(begins).toHaveLength(1);
  begins.shift()!();
  await rooms.idle();
  expect(told.toSorted()).toEqual([first, second, third].sort());
  expect(begins).toEqual([]);
});

test('a match goes 90 days after its time and its last change, with its events, and no other', async () => {
  const [old, kept, coming] = [matchOf('20', { events: [said('x')] }), matchOf('21'), matchOf('22')];
  await store(old, kept, coming);
  const ids = [old, kept, coming].map(({ row }) => row.id);
  await database.pool.query(`update matches set listed_at = now() - interval '91 days' where id = any($1)`, [ids]);
  await database.pool.query(`update match_state set updated_at = now() - interval '91 days' where match_id = any($1)`, [
    [ids[0], ids[2]],
  ]);
  await database.pool.query(`update matches set listed_at = now() where id = $1`, [ids[2]]);
  expect(await sweepMatches(pools.worker, within)).toBe(1);
  expect(await sweepMatches(pools.worker, within)).toBe(0);
  const { rows } = await database.pool.query('select id from matches where id = any($1)', [ids]);
  expect(rows.map(({ id }) => id).sort()).toEqual([ids[1], ids[2]].sort());
});

test('what was read beside a match that was removed meanwhile makes none', async () => {
  const match = matchOf('40');
  await store(match);
  const match_id = match.row.id;
  let isLocked = false;
  // Between the look without a lock and the one under it.
  const removing: typeof within = (work) => {
    isLocked = true;
    return within(async (db) => {
      await db.query('delete from match_state where match_id = $1', [match_id]);
      await db.query('delete from matches where id = $1', [match_id]);
      return work(db);
    });
  };
  expect(await storeMatches(pools.feeds, removing, [{ match_id, stats: { rank: 1 } }])).toEqual([]);
  expect(isLocked).toBe(true);
  expect((await database.pool.query('select from matches where id = $1', [match_id])).rowCount).toBe(0);
});

test('what is old is swept until nothing is left of it, and then not at every look', async () => {
  const left = [200, 3, 0, 5];
  const sweep = createSweeping(async () => left.shift()!);
  for (const gone of [200, 3, 0, 0, 0]) expect(await sweep()).toBe(gone);
  expect(left).toEqual([5]);
});

test('a match without a time is kept while its feed is there and lists it', async () => {
  const own = randomUUID();
  await database.pool.query(
    `insert into feeds (id, institution_id, provider, name, visibility, state, created_at, changed_at)
     values ($1, $2, 'csv', 'Harbour', 'institution', 'enabled', now(), now())`,
    [own, institution_id],
  );
  const timeless = (provider_id: string) =>
    matchOf(
      provider_id,
      { state: { ...shown, scheduled_at: null } },
      { id: matchIdOf(own, provider_id), feed_id: own },
    );
  const [listed, gone] = [timeless('31'), timeless('32')];
  await store(listed, gone);
  await store({ ...gone, row: { ...gone.row, published: false }, source: 2 });
  const ids = [listed, gone].map(({ row }) => row.id);
  await database.pool.query(`update matches set listed_at = now() - interval '91 days' where id = any($1)`, [ids]);
  await database.pool.query(`update match_state set updated_at = now() - interval '91 days' where match_id = any($1)`, [
    ids,
  ]);
  expect(await sweepMatches(pools.worker, within)).toBe(1);
  expect(await readMatch(relay(), listed.row.id)).toBeDefined();
  await database.pool.query(`update feeds set state = 'removed' where id = $1`, [own]);
  expect(await sweepMatches(pools.worker, within)).toBe(1);
});

test('what changed last, and what changed long ago, is found by an index (P1-5)', async () => {
  const plans = [
    'select match_id from match_state order by updated_at desc limit 10',
    `select match_id from match_state where updated_at < now() - interval '90 days' order by updated_at limit 100`,
  ].map((text) => planOf(pools.feeds, { text }));
  for (const plan of await Promise.all(plans)) {
    expect(walksOf(nodesOf(plan))).toEqual([]);
    expect(JSON.stringify(plan)).toContain('match_state_by_update');
  }
});
