/** Feeds of one institution that speak of the same match, in the database: corrected, told surer, or disputed. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sweepMatches } from '../../jobs/feeds/sweepMatches.ts';
import { tellDisputes } from '../../jobs/feeds/tellDisputes.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Score, ShownState } from '../../src/feeds/matches/match.ts';
import { matchIdOf } from '../../src/feeds/matches/matchId.ts';
import type { MatchRow, MatchUpdate } from '../../src/feeds/matches/nextState.ts';
import { pairOf } from '../../src/feeds/matches/pair.ts';
import { readMatchEvents, readMatchState } from '../../src/feeds/matches/readMatch.ts';
import { storeMatches } from '../../src/feeds/matches/storeMatches.ts';
import { findUnverified, verifyMatches } from '../../src/feeds/matches/verifyMatches.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const AT = '2026-11-21T10:00:00.000Z';
const LATER = '2026-11-21T11:20:00.000Z';
const TOO_LATE = '2026-11-21T11:40:00.000Z';
const won: Score = { petitioner: 80, respondent: 75, winner: 'petitioner' };
const lost: Score = { petitioner: 70, respondent: 75, winner: 'respondent' };

let database: TestDatabase;
let pools: Record<'feeds' | 'relay' | 'worker', pg.Pool>;
let institution_id: string;
let feeds: string[];
let source: number;

beforeAll(async () => {
  database = await cloneDatabase();
  const open = (role: keyof typeof pools) => openPool(database.url, role, 2, () => {});
  pools = { feeds: open('feeds'), relay: open('relay'), worker: open('worker') };
});
beforeEach(() => {
  institution_id = randomUUID();
  feeds = Array.from({ length: 3 }, () => randomUUID());
  source = 1;
});
afterAll(async () => {
  await Promise.all(Object.values(pools).map((pool) => pool.end()));
  await database.drop();
});

const within = <T>(work: (db: Queryable) => Promise<T>) => inTransaction(pools.feeds, work);
const idOf = (n: number) => matchIdOf(feeds[n]!, '1');
const refuse = () => Promise.reject(new Error('there is nothing to store'));

interface Said {
  at?: string;
  names?: [string, string];
  row?: Partial<MatchRow>;
}

/** What the `n`-th feed says of the match of Oslo and Lima. */
async function say(n: number, score: Score | null, { at = AT, names = ['Oslo', 'Lima'], row = {} }: Said = {}) {
  const [petitioner, respondent] = names;
  const feed_id = feeds[n]!;
  source += 1;
  const state: ShownState = {
    ...{ phase: score ? 'finished' : 'live', score, title: 'Oslo v. Lima', courtroom: null, scheduled_at: at },
    ...{ petitioner, respondent, speaker: null, behind_minutes: 0, awaits_result: false },
  };
  const whose = { id: idOf(n), institution_id, visibility: 'institution' as const, provider: 'tabbycat', feed_id };
  const rest = { provider_id: '1', round: 1, pair: pairOf(names), assignment_id: null, session_id: null };
  const update: MatchUpdate = { row: { ...whose, ...rest, published: true, ...row }, state, source };
  await storeMatches(pools.feeds, within, [update]);
}

const verify = (...of: number[]) => verifyMatches(pools.feeds, within, of.map(idOf));
const scoreOf = async (n: number) => (await readMatchState(pools.relay as Queryable, idOf(n), 0))!.state.score;
async function resultsOf(n: number) {
  const events = await readMatchEvents(pools.relay as Queryable, idOf(n), 100);
  return events
    .filter(({ kind }) => kind === 'result')
    .map(({ confidence, superseded }) => ({ confidence, superseded }));
}
async function disputes() {
  const { rows } = await database.pool.query(
    `select array[match_id, other_id]::text[] as ids, scores, kept_until - found_at = interval '7 days' as is_a_week
     from match_disputes where institution_id = $1 order by 1`,
    [institution_id],
  );
  return rows;
}

/** A result comes after the match was known. */
async function open(...of: number[]): Promise<void> {
  for (const n of of) await say(n, null);
}

test('one source alone is sixty per cent sure, and two that agree are ninety', async () => {
  await open(0, 1);
  await say(0, won);
  expect(await verifyMatches(pools.feeds, refuse, [idOf(0)])).toEqual([]);
  expect(await resultsOf(0)).toEqual([{ confidence: 60, superseded: false }]);
  await say(1, won);
  const changes = await verify(1);
  expect(new Set(changes.map(({ match_id }) => match_id))).toEqual(new Set([idOf(0), idOf(1)]));
  for (const n of [0, 1]) {
    expect(await resultsOf(n)).toEqual([
      { confidence: 60, superseded: true },
      { confidence: 90, superseded: false },
    ]);
  }
  expect(await disputes()).toEqual([]);
  expect(await verifyMatches(pools.feeds, refuse, [idOf(0), idOf(1)])).toEqual([]);
});

test('two that agree correct the third, which stays corrected while its source goes on saying it', async () => {
  await open(0, 1, 2);
  await say(2, lost);
  await say(0, won);
  await say(1, won);
  const changes = await verify(0);
  expect(changes.filter(({ tier }) => tier === 0)).toMatchObject([{ match_id: idOf(2), changed: { score: won } }]);
  expect(await scoreOf(2)).toEqual(won);
  await say(2, lost);
  expect(await scoreOf(2)).toEqual(won);
  expect((await disputes()).map(({ scores }) => scores)).toHaveLength(2);
});

test('a disagreement is kept for a week, found once, and leaves each as its own source has it', async () => {
  await open(0, 1);
  await say(0, won);
  await say(1, lost);
  expect(await verify(0, 1)).toEqual([]);
  const ids = [idOf(0), idOf(1)].sort();
  const scores = ids.map((id) => (id === idOf(0) ? won : lost));
  expect(await disputes()).toEqual([{ ids, scores, is_a_week: true }]);
  expect([await scoreOf(0), await scoreOf(1)]).toEqual([won, lost]);
  expect(await verifyMatches(pools.feeds, refuse, [idOf(0), idOf(1)])).toEqual([]);
  await database.pool.query(
    `update match_disputes set kept_until = now() - interval '1 second' where institution_id = $1`,
    [institution_id],
  );
  await sweepMatches(pools.worker, within);
  expect(await disputes()).toEqual([]);
});

describe('admins', () => {
  const told: { event: string; to: object }[] = [];
  const publish = async (_: string, message: string) => void told.push(JSON.parse(message) as never);
  const tell = () => tellDisputes(pools.worker, within, publish);
  const textsTo = async (audience: string): Promise<string[]> => {
    const text = 'select text from notices where audience = $1 order by created_at, id';
    return (await database.pool.query(text, [audience])).rows.map((row) => row.text);
  };
  const own = () => textsTo(`admins:${institution_id}`);

  beforeEach(async () => {
    await tell();
    told.splice(0);
  });

  test('of the institution are told of a disagreement once, whatever the sources say later, and nobody else is', async () => {
    await open(0, 1);
    await say(0, won);
    await say(1, lost);
    await verify(0, 1);
    expect(await tell()).toBe(1);
    const [first] = [idOf(0), idOf(1)].sort();
    expect(await own()).toEqual([expect.stringMatching(new RegExp(`the result of Oslo v. Lima\\..+: ${first}\\.$`))]);
    expect(told).toMatchObject([{ event: 'admin_notification', to: { admins: institution_id } }]);
    expect(await textsTo('super_admins')).toEqual([]);
    await say(1, { ...lost, respondent: 76 });
    await verify(1);
    expect(await disputes()).toHaveLength(1);
    expect(await tell()).toBe(0);
    expect(await own()).toHaveLength(1);
  });

  test('are told of all that was found since the last look in one line, each institution of its own', async () => {
    await open(0, 1, 2);
    const scores: Score[] = [won, lost, { ...won, petitioner: 81 }];
    for (const [n, score] of scores.entries()) await say(n, score);
    await verify(0, 1, 2);
    const [before, ids] = [institution_id, [0, 1, 2].map(idOf).sort()];
    institution_id = randomUUID();
    feeds = feeds.map(() => randomUUID());
    await open(0, 1);
    await say(0, won);
    await say(1, lost);
    await verify(0, 1);
    expect(await tell()).toBe(4);
    const [text, ...more] = await textsTo(`admins:${before}`);
    expect(more).toEqual([]);
    expect(text).toMatch(/the results of 2 matches\./);
    for (const id of ids.slice(0, 2)) expect(text).toContain(id);
    expect(await own()).toHaveLength(1);
    expect(told).toHaveLength(2);
  });

  test('are told by the next look where a worker died before it had noted whom it told, and not twice', async () => {
    await open(0, 1);
    await say(0, won);
    await say(1, lost);
    await verify(0, 1);
    const dying: typeof within = (work) =>
      within(async (db) => {
        await work(db);
        throw new Error('the worker died');
      });
    await expect(tellDisputes(pools.worker, dying, publish)).rejects.toThrow('died');
    expect(await own()).toHaveLength(1);
    expect(await tell()).toBe(1);
    expect(await own()).toHaveLength(1);
    expect(told).toHaveLength(1);
  });
});

test('where one of two that agree is taken back the other is alone again, and what both corrected is as it was said', async () => {
  await open(0, 1, 2);
  await say(2, lost);
  await say(0, won);
  await say(1, won);
  await verify(0);
  expect(await scoreOf(2)).toEqual(won);
  await say(1, won, { row: { published: false } });
  await verify(1);
  expect(await scoreOf(2)).toEqual(lost);
  expect((await resultsOf(0)).at(-1)).toEqual({ confidence: 60, superseded: false });
});

test('a private feed is heard by none that more people see, and hears them', async () => {
  await open(0, 1, 2);
  await say(0, lost);
  await say(1, won, { row: { visibility: 'private' } });
  await say(2, won, { row: { visibility: 'private' } });
  await verify(0, 1, 2);
  expect(await scoreOf(0)).toEqual(lost);
  expect((await resultsOf(1)).at(-1)).toEqual({ confidence: 90, superseded: false });
});

test.each<[string, Said]>([
  ['at another time', { at: TOO_LATE }],
  ['of other teams', { names: ['Oslo', 'Quito'] }],
  ['of another institution', { row: { institution_id: randomUUID() } }],
  ['whose draw was taken back', { row: { published: false } }],
])('a match %s is another one', async (_, how) => {
  await open(0, 1);
  await say(0, won);
  await say(1, lost, how);
  expect(await verifyMatches(pools.feeds, refuse, [idOf(0), idOf(1)])).toEqual([]);
  expect(await disputes()).toEqual([]);
});

test('a match within ninety minutes is the same one, with its sides drawn the other way round too', async () => {
  await open(0, 1);
  await say(0, won);
  await say(1, { petitioner: 75, respondent: 80, winner: 'respondent' }, { at: LATER, names: ['Lima', 'Oslo'] });
  await verify(0);
  expect((await resultsOf(1)).at(-1)).toEqual({ confidence: 90, superseded: false });
});

test('what was changed lately is looked at again, should a worker have died before it was', async () => {
  await open(0, 1);
  await say(0, won);
  await say(1, won);
  const found = await findUnverified(pools.feeds);
  expect(found).toEqual(expect.arrayContaining([idOf(0), idOf(1)]));
  await verifyMatches(pools.feeds, within, found);
  expect((await resultsOf(0)).at(-1)).toEqual({ confidence: 90, superseded: false });
});

test('workers that verify at the same time say it once', async () => {
  await open(0, 1);
  await say(0, won);
  await say(1, won);
  await Promise.all(Array.from({ length: 6 }, (_, i) => verify(i % 2)));
  for (const n of [0, 1]) expect(await resultsOf(n)).toHaveLength(2);
});
