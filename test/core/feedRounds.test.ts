/** Rounds of a feed, read from a server that speaks Tabbycat: what boards are told of them, and what they are not told. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createDispatcher } from '../../jobs/feeds/dispatcher.ts';
import type { PollJob } from '../../jobs/feeds/jobs.ts';
import { openPace, tiersOf } from '../../jobs/feeds/paces.ts';
import { createRoundStore } from '../../jobs/feeds/roundStore.ts';
import { createRounds, type Rounds } from '../../jobs/feeds/rounds.ts';
import { sameRounds } from '../../jobs/feeds/sameRounds.ts';
import { openSites, type Sites } from '../../jobs/feeds/sites.ts';
import { readSituation } from '../../jobs/feeds/situation.ts';
import { readDueSyncs, readTargets } from '../../jobs/feeds/targets.ts';
import { findFeed } from '../../src/feeds/feed.ts';
import type { MatchChange } from '../../src/feeds/matches/nextState.ts';
import { MOST_OF_ROUND } from '../../src/feeds/matches/readRound.ts';
import { DEMAND } from '../../src/infra/feeds/demand.ts';
import { createInProcessDemand } from '../../src/infra/feeds/inProcessDemand.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, nodesOf } from '../support/plans.ts';
import { SECRET } from '../support/secret.ts';
import { startTabbycat, type TestTabbycat } from '../support/tabbycat.ts';

const log = createLog('silent', 'test');
const institution_id = randomUUID();
const TERM = 1;

let database: TestDatabase;
let pools: Record<'feeds' | 'worker', pg.Pool>;
let folder: string;
let tabbycat: TestTabbycat;
/** Without Redis. */
const nowhere = { redis: undefined, prefix: '', log };
const metrics = createMetrics();
let sites: Sites;
let rounds: Rounds;
let feed_id: string;
let told: MatchChange[];
let tick = Math.floor(Date.now() / 1_000);

beforeAll(async () => {
  database = await cloneDatabase();
  pools = {
    feeds: openPool(database.url, 'feeds', 2, () => {}),
    worker: openPool(database.url, 'worker', 2, () => {}),
  };
  folder = mkdtempSync(join(tmpdir(), 'plearoll-feeds-'));
  mkdirSync(join(folder, institution_id));
  const env = { DATABASE_URL: database.url, JWT_SECRET: SECRET, FEED_SECRETS_DIR: folder };
  const config = readConfig({ ...env, FEED_ALLOWED_NETWORKS: '127.0.0.0/8' }, 'all');
  sites = openSites({ ...nowhere, config, metrics });
  const db = pools.worker;
  const telling = { publishMatch: async (change: MatchChange) => void told.push(change), touchRooms: () => {} };
  const roundStore = createRoundStore({ db, feedsPool: pools.feeds, ...telling, metrics, log });
  rounds = createRounds({ db, sites, roundStore, metrics, log });
});

afterAll(async () => {
  await sites.close();
  await Promise.all([pools.feeds.end(), pools.worker.end()]);
  await tabbycat.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

beforeEach(async () => {
  await tabbycat?.stop();
  tabbycat = await startTabbycat({ rounds: 2, rooms: 4, timezone: 'UTC' });
  tabbycat.setDraw(1, 'R');
  tabbycat.round(1).starts_at = localTime(2);
  feed_id = randomUUID();
  told = [];
  writeFileSync(
    join(folder, institution_id, feed_id),
    JSON.stringify({ origin: new URL(tabbycat.url).origin, token: tabbycat.token }),
  );
  await database.pool.query(
    `insert into feeds (id, institution_id, provider, name, base_url, tournament, secret_ref, visibility, state, created_at, changed_at)
     values ($1, $2, 'tabbycat', 'Harbour', $3, $4, $5, 'institution', 'enabled', now(), now())`,
    [feed_id, institution_id, tabbycat.url, tabbycat.slug, feed_id],
  );
});

/** As that site writes it, in its own zone. */
const localTime = (hours: number) =>
  new Date(Date.now() + hours * 3_600_000).toISOString().replace('Z', '').slice(0, 19);

const poll = (more: Partial<PollJob> = {}) => {
  tick += 1;
  return rounds.poll({ feed_id, round: 1, tier: 0, tick, term: TERM, ...more });
};
const sync = () => {
  tick += 1;
  return rounds.sync({ feed_id, tick, term: TERM });
};

interface Row {
  id: string;
  provider_id: string;
  title: string;
  phase: string;
  published: boolean;
  version: number;
  score: { winner: string } | null;
}

async function matches(): Promise<Row[]> {
  const { rows } = await database.pool.query<Row>(
    `select m.id, m.provider_id, m.title, m.phase, m.published, s.version::integer, s.state -> 'score' as score
     from matches m join match_state s on s.match_id = m.id where feed_id = $1 order by m.provider_id::integer`,
    [feed_id],
  );
  return rows;
}

test('a sync makes matches of the rounds that are released, and of no others', async () => {
  expect(await sync()).toEqual({ rounds: 2 });
  const found = await matches();
  expect(found).toHaveLength(4);
  expect(found.every(({ title, published }) => published && / v\. /.test(title))).toBe(true);
  expect(told.map(({ tier, version }) => ({ tier, version }))).toEqual(found.map(() => ({ tier: 0, version: 1 })));
  const { rows } = await database.pool.query('select last_sync from feed_states where feed_id = $1', [feed_id]);
  expect(rows[0].last_sync).not.toBeNull();
});

test('a poll that finds nothing new tells nothing and writes nothing', async () => {
  await sync();
  await poll();
  const before = await matches();
  told = [];
  expect(await poll()).toMatchObject({ changes: 0 });
  expect(told).toEqual([]);
  expect(await matches()).toEqual(before);
});

test('a poll that finds nothing new sends one statement, and one after an import has the next', async () => {
  await sync();
  await poll();
  const asked = [vi.spyOn(pools.worker, 'query'), vi.spyOn(pools.feeds, 'query'), vi.spyOn(pools.feeds, 'connect')];
  const counts = () => asked.map(({ mock }) => mock.calls.length);
  try {
    expect(await poll()).toEqual({ matches: 4, changes: 0, unresolved: 0, conflicts: 0, beyond: 0 });
    expect(counts()).toEqual([1, 0, 0]);
    const [debate] = tabbycat.round(1).debates;
    await database.pool.query(
      `insert into feed_mappings (feed_id, entity_type, provider_id, canonical_id, round, base)
       values ($1, 'debate', $2, $1, 1, '{"visibility": "private", "released_as": "private"}')`,
      [feed_id, String(debate!.id)],
    );
    expect(await poll()).toMatchObject({ matches: 4, changes: 0 });
    expect(counts()[2]).toBeGreaterThan(0);
  } finally {
    for (const spy of asked) spy.mockRestore();
  }
  const text = 'select count(*)::integer as count from matches where assignment_id = $1';
  expect((await database.pool.query(text, [feed_id])).rows).toEqual([{ count: 1 }]);
});

test('a result is shown when it is confirmed, and not before', async () => {
  await sync();
  const [debate] = tabbycat.round(1).debates;
  tabbycat.decide(debate!, 'aff', { draft: true });
  await poll();
  const shown = async () => (await matches()).find(({ provider_id }) => provider_id === String(debate!.id))!;
  expect(await shown()).toMatchObject({ phase: 'scoring', score: null });
  tabbycat.decide(debate!, 'aff');
  await poll();
  expect(await shown()).toMatchObject({ phase: 'finished', score: { winner: 'petitioner' } });
});

test('a silent round keeps its results to itself until all are released', async () => {
  tabbycat.round(1).silent = true;
  for (const debate of tabbycat.round(1).debates) tabbycat.decide(debate, 'neg');
  await sync();
  await poll();
  const scores = async () => (await matches()).map(({ score }) => score?.winner ?? null);
  expect(await scores()).toEqual([null, null, null, null]);
  expect(JSON.stringify(told)).not.toContain('respondent"}');
  tabbycat.state.preferences.all_results_released = true;
  await poll();
  expect(await scores()).toEqual(Array(4).fill('respondent'));
  // What was released stands while that site fails.
  tabbycat.fail({ kind: 'fail', path: '/ballots' });
  await sync();
  expect(await scores()).toEqual(Array(4).fill('respondent'));
  expect(JSON.stringify(told)).not.toContain('result_withdrawn');
});

test('standings are those of the two teams of a match, and a site that shows none of them has none', async () => {
  await sync();
  const stats = async () => {
    const text = `select s.stats from matches m join match_state s on s.match_id = m.id where m.feed_id = $1 order by m.title`;
    return (await database.pool.query(text, [feed_id])).rows.map((row) => row.stats);
  };
  expect(await poll({ tier: 2 })).toMatchObject({ matches: 0, changes: 0 });
  tabbycat.state.preferences.team_tab_released = true;
  told = [];
  expect(await poll({ tier: 2 })).toMatchObject({ matches: 4, changes: 4 });
  const of = (rank: number) => ({ rank, points: 9 - rank });
  expect((await stats())[0]).toEqual({ petitioner: of(1), respondent: of(2) });
  expect(told.map(({ tier, version }) => [tier, version])).toEqual(Array(4).fill([2, 2]));
  expect(await poll({ tier: 2 })).toMatchObject({ matches: 4, changes: 0 });
});

test('a draw that is taken back is withdrawn, and shown again when it is released again', async () => {
  await sync();
  tabbycat.setDraw(1, 'C');
  told = [];
  await poll();
  expect((await matches()).map(({ published }) => published)).toEqual([false, false, false, false]);
  expect(told.map(({ changed }) => changed)).toEqual(Array(4).fill({ withdrawn: true }));
  tabbycat.setDraw(1, 'R');
  await poll();
  expect((await matches()).map(({ published }) => published)).toEqual([true, true, true, true]);
});

test.each([
  ['sync', () => sync()],
  ['poll', () => poll()],
])(
  'a round that its site has no more is withdrawn by the next %s, and shown when it is there again',
  async (_, ask) => {
    await sync();
    const [gone] = tabbycat.state.rounds.splice(0, 1);
    told = [];
    await ask();
    expect((await matches()).map(({ published }) => published)).toEqual([false, false, false, false]);
    expect(told.map(({ changed }) => changed)).toEqual(Array(4).fill({ withdrawn: true }));
    told = [];
    await ask();
    expect(told).toEqual([]);
    tabbycat.state.rounds.unshift(gone!);
    await ask();
    expect((await matches()).map(({ published }) => published)).toEqual([true, true, true, true]);
  },
);

test('a result that is taken back at its site is taken back here, with what said it', async () => {
  await sync();
  const [debate] = tabbycat.round(1).debates;
  tabbycat.decide(debate!, 'aff');
  await poll();
  debate!.result_status = 'D';
  await poll();
  const { rows } = await database.pool.query(
    `select s.state ->> 'score' as score, e.kind, e.details, e.superseded from matches m join match_state s on s.match_id = m.id
     join match_events e on e.match_id = m.id and e.kind <> 'phase' where m.feed_id = $1 and m.provider_id = $2 order by e.seq`,
    [feed_id, String(debate!.id)],
  );
  const [last, ...before] = rows.toReversed();
  expect(last).toEqual({ score: null, kind: 'result_withdrawn', details: {}, superseded: false });
  expect(before.length).toBeGreaterThan(0);
  for (const one of before) expect(one).toEqual({ score: null, kind: 'result', details: {}, superseded: true });
});

test('a match is for no more people than what its debate was imported as, or set to here since', async () => {
  await sync();
  const debate = String(tabbycat.round(1).debates[0]!.id);
  const visibility = async () => {
    await poll();
    const text = 'select visibility from matches where feed_id = $1 and provider_id = $2';
    return (await database.pool.query(text, [feed_id, debate])).rows[0].visibility;
  };
  expect(await visibility()).toBe('institution');
  const importAs = (base: object) =>
    database.pool.query(
      `insert into feed_mappings (feed_id, entity_type, provider_id, canonical_id, round, base)
       values ($1, 'debate', $2, $3, 1, $4)
       on conflict (feed_id, entity_type, provider_id) do update set base = excluded.base`,
      [feed_id, debate, feed_id, base],
    );
  await importAs({ visibility: 'private', released_as: 'private' });
  expect(await visibility()).toBe('private');
  await importAs({ visibility: 'private', released_as: 'public' });
  expect(await visibility()).toBe('institution');
});

test('a draw that was made again with the same teams has the same matches under new ids', async () => {
  await sync();
  const before = await matches();
  tabbycat.regenerate(1);
  tabbycat.setDraw(1, 'R');
  await poll();
  const after = await matches();
  expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
  expect(after.map(({ provider_id }) => provider_id)).not.toEqual(before.map(({ provider_id }) => provider_id));
});

test('a tournament whose every id has changed has the matches that it had', async () => {
  await sync();
  const before = await matches();
  tabbycat.renumber();
  await poll();
  const after = await matches();
  expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
  expect(after.some(({ provider_id }) => before.some((one) => one.provider_id === provider_id))).toBe(false);
});

test('a site that goes back in time is shown as it is, and an earlier poll that comes late changes nothing', async () => {
  await sync();
  const [debate] = tabbycat.round(1).debates;
  const before = tabbycat.snapshot();
  const shown = async () => (await matches()).find(({ provider_id }) => provider_id === String(debate!.id))!;
  tabbycat.decide(debate!, 'aff');
  await poll();
  expect(await shown()).toMatchObject({ phase: 'finished', score: { winner: 'petitioner' } });
  tabbycat.restore(before);
  expect(await poll({ tick: tick - 1 })).toMatchObject({ changes: 0 });
  expect(await shown()).toMatchObject({ phase: 'finished', score: { winner: 'petitioner' } });
  expect(await poll()).toMatchObject({ changes: expect.any(Number) });
  expect(await shown()).toMatchObject({ phase: 'scheduled', score: null });
});

test('a time without a zone is that of the site, and no time where that site has none', async () => {
  const listed = async () => {
    const { rows } = await database.pool.query('select distinct scheduled_at from matches where feed_id = $1', [
      feed_id,
    ]);
    return rows.map(({ scheduled_at }) => scheduled_at && new Date(scheduled_at).toISOString());
  };
  const starts_at = localTime(3);
  tabbycat.round(1).starts_at = starts_at;
  await sync();
  expect(await listed()).toEqual([`${starts_at}.000Z`]);
  tabbycat.state.timezone = 'Nowhere/Atlantis';
  await sync();
  expect(await listed()).toEqual([null]);
});

test('of a site that names other debates at each poll no more matches are kept than a round can have', async () => {
  await database.pool.query(
    `with made as (
       insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, title, listed_at, phase, published)
       select gen_random_uuid(), $2, 'institution', 'tabbycat', $1, (1000000 + n)::text, 1, 'Gone', now(), 'scheduled', false
       from generate_series(1, ${MOST_OF_ROUND - 1}) as n returning id
     )
     insert into match_state (match_id, version, seq, state, source, updated_at) select id, 1, 0, '{}', 1, now() from made`,
    [feed_id, institution_id],
  );
  await sync();
  expect((await matches()).filter(({ published }) => published)).toHaveLength(1);
  expect(await matches()).toHaveLength(MOST_OF_ROUND);
  const { values } = await metrics.matchesBeyond.get();
  expect(values[0]!.value).toBe(3);
  // What is shown goes on.
  const [debate] = tabbycat.round(1).debates;
  tabbycat.decide(debate!, 'aff');
  await poll();
  expect((await matches()).filter(({ published }) => published)).toMatchObject([{ phase: 'finished' }]);
});

test('a site that fails changes nothing, and the next poll goes on', async () => {
  await sync();
  const before = await matches();
  tabbycat.fail({ kind: 'fail' });
  expect(await poll()).toMatchObject({ failed: expect.any(String) });
  expect(await matches()).toEqual(before);
  tabbycat.mend();
  expect(await poll()).toMatchObject({ changes: 0 });
});

test('a sync goes by the gate of its feed: after five failures its site is asked nothing more (P1-7, P2-3)', async () => {
  tabbycat.fail({ kind: 'fail' });
  const ends = [await sync(), await sync(), await sync(), await sync()];
  expect(ends).toEqual(['failing', 'failing', 'breaker_open', 'breaker_open'].map((failed) => ({ failed })));
  expect(tabbycat.requests).toHaveLength(5);
});

test('a debate whose sides are not settled and a team that debates twice are no matches, and are counted', async () => {
  const [open, first, second] = tabbycat.round(1).debates;
  open!.sides_confirmed = false;
  second!.teams[0]!.team = first!.teams[0]!.team;
  const counted = async () => {
    const all = await Promise.all([metrics.matchUnresolved.get(), metrics.matchConflicts.get()]);
    return all.map(({ values }) => values.reduce((sum, { value }) => sum + value, 0));
  };
  const before = await counted();
  await sync();
  expect(await matches()).toHaveLength(2);
  expect(await counted()).toEqual(before.map((count) => count + 1));
});

test('a round with a debate that is no match is read again without its feed being counted', async () => {
  const [open, decided] = tabbycat.round(1).debates;
  open!.sides_confirmed = false;
  await sync();
  const asked = vi.spyOn(pools.worker, 'query');
  try {
    tabbycat.decide(decided!, 'aff');
    expect(await poll()).toMatchObject({ changes: expect.any(Number), unresolved: 1 });
    const names = asked.mock.calls.map(([query]) => (query as { name?: string }).name);
    expect(names).toContain('fence-of-poll');
    expect(names).not.toContain('count-matches-of-feed');
  } finally {
    asked.mockRestore();
  }
});

test('a job of a leader that was, of long ago, or of a feed that is switched off asks nobody', async () => {
  await sync();
  await database.pool.query(`
    insert into leases (name, holder, term, acquired_at, expires_at, clock_skew_ms) values ('scheduler', 'other', 7, now(), now(), 0)
    on conflict (name) do update set term = 7`);
  const asked = tabbycat.requests.length;
  expect(await poll({ term: 6 })).toEqual({ skipped: 'fenced' });
  expect(await poll({ term: 7, tick: tick - 3_600 })).toEqual({ skipped: 'late' });
  await database.pool.query(`update feeds set state = 'disabled' where id = $1`, [feed_id]);
  expect(await poll({ term: 7 })).toEqual({ skipped: 'gone' });
  expect(tabbycat.requests).toHaveLength(asked);
  const { values } = await metrics.feedPolls.get();
  expect(values.map(({ labels }) => labels.outcome)).toEqual(expect.arrayContaining(['fenced', 'late', 'gone']));
  await database.pool.query('delete from leases');
});

test('a poll that is skipped reads no matches of its round', async () => {
  await sync();
  const [now, asked] = [Date.now(), { feed_id, round: 1, debates: ['1'], term: 7, until_ms: Infinity, is_busy: false }];
  const reads = async (more: Partial<typeof asked>) => {
    const plans: Node[] = [];
    const { skipped, known } = await readSituation(explaining(pools.worker, plans), { ...asked, ...more });
    const tables = plans.flatMap(nodesOf).filter((node) => (node['Actual Loops'] ?? 0) > 0);
    return [skipped, known.length > 0, tables.some((node) => node['Relation Name'] === 'matches')];
  };
  expect(await reads({})).toEqual([null, true, true]);
  expect(await reads({ until_ms: now - 3_600_000 })).toEqual(['late', false, false]);
  expect(await reads({ is_busy: true })).toEqual(['busy', false, false]);
  await database.pool.query(`update feeds set state = 'disabled' where id = $1`, [feed_id]);
  expect(await reads({})).toEqual(['gone', false, false]);
});

test('of a site that does not answer four polls are under way at once, and the others are left to the next', async () => {
  await sync();
  tabbycat.fail({ kind: 'silence', path: '/rounds' });
  const asked = Array.from({ length: 6 }, () => poll());
  // Those that are under way wait for the site.
  expect(await firstTwo(asked)).toEqual([{ skipped: 'busy' }, { skipped: 'busy' }]);
  tabbycat.mend();
  await tabbycat.stop();
  await Promise.all(asked);
  const { values } = await metrics.feedPolls.get();
  expect(values.find(({ labels }) => labels.outcome === 'busy')?.value).toBe(2);
});

/** A feed like the one that is asked about, of this institution. */
async function another(of: string, more: { id?: string; created_at?: string } = {}): Promise<string> {
  const { id = randomUUID(), created_at = new Date().toISOString() } = more;
  await database.pool.query(
    `insert into feeds (id, institution_id, provider, name, base_url, tournament, secret_ref, visibility, state, created_at, changed_at)
     select $2, $3, provider, name, base_url, tournament, null, visibility, state, $4, now() - interval '2 hours' from feeds where id = $1`,
    [feed_id, id, of, created_at],
  );
  return id;
}

test('sites of one institution hold half of a worker’s places at most, and leave the others to other institutions', async () => {
  const [one, other] = [randomUUID(), randomUUID()];
  const feeds = [await another(one), await another(one), await another(one)];
  const theirs = await another(other);
  tabbycat.fail({ kind: 'silence', path: '/rounds' });
  const [first, second, third] = feeds;
  const wanting = [...Array(4).fill(first), ...Array(4).fill(second), ...Array(2).fill(third)];
  const asked = wanting.map((id) => poll({ feed_id: id }));
  // Eight of them wait for their site.
  expect(await firstTwo(asked)).toEqual([{ skipped: 'busy' }, { skipped: 'busy' }]);
  const heard = poll({ feed_id: theirs });
  await tabbycat.stop();
  expect(await heard).toHaveProperty('failed');
  await Promise.all(asked);
});

test('of more rounds and syncs than are asked for at once each institution has its turn, whoever was there first', async () => {
  const [many, few] = [randomUUID(), randomUUID()];
  const late = { id: `ffffffff-ffff-4fff-bfff-${few.slice(-12)}`, created_at: '2999-01-01T00:00:00Z' };
  const own = [await another(many), await another(many), await another(many)];
  const theirs = await another(few, late);
  for (const id of [...own, theirs]) {
    await database.pool.query(
      `with made as (
         insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, title, listed_at, phase, published)
         select gen_random_uuid(), institution_id, 'institution', provider, id, '1', 1, 'A v. B', now(), 'scheduled', true
         from feeds where id = $1 returning id
       )
       insert into match_state (match_id, version, seq, state, source, updated_at) select id, 1, 0, '{}', 1, now() from made`,
      [id],
    );
  }
  await database.pool.query(`update feeds set state = 'disabled' where institution_id <> all($1)`, [[many, few]]);
  const told = (await readTargets(pools.worker, 2)).map((row) => row.institution_id);
  expect(told.toSorted()).toEqual([many, few].sort());
  expect(await readTargets(pools.worker)).toHaveLength(4);
  const due = await readDueSyncs(pools.worker, 2);
  expect(due).toContain(theirs);
  expect(due.filter((id) => own.includes(id))).toHaveLength(1);
});

/** The first two that come to an end. */
async function firstTwo(asked: readonly Promise<object>[]): Promise<object[]> {
  return new Promise((resolve) => {
    const done: object[] = [];
    for (const one of asked) {
      void one.then((answer) => {
        done.push(answer);
        if (done.length === 2) resolve(done);
      });
    }
  });
}

test('a worker whose clock is an hour ahead of the database’s polls all the same', async () => {
  await sync();
  const now = Math.floor(Date.now() / 1_000);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  try {
    expect(await poll({ tick: now })).toMatchObject({ matches: 4 });
  } finally {
    vi.useRealTimers();
  }
});

test('two feeds of one tournament have the same rounds', async () => {
  await sync();
  const [first, second] = [feed_id, randomUUID()];
  await database.pool.query(
    `insert into feeds (id, institution_id, provider, name, base_url, tournament, secret_ref, visibility, state, created_at, changed_at)
     select $2, institution_id, provider, name, base_url, tournament, secret_ref, visibility, state, now(), now() from feeds where id = $1`,
    [first, second],
  );
  feed_id = second;
  await sync();
  const named = async () => {
    const rows = await readTargets(pools.worker);
    const names = sameRounds(rows);
    const nameOf = (id: string) => names[rows.findIndex((row) => row.feed_id === id)];
    return [nameOf(first), nameOf(second)];
  };
  const [one, other] = await named();
  expect(one).toBeDefined();
  expect(other).toBe(one);
  tabbycat.round(1).starts_at = localTime(5);
  await sync();
  const [still, moved] = await named();
  expect(moved).not.toBe(still);
});

test('a leader has the rounds of enabled feeds polled from its first tick, and the next leader again', async () => {
  await sync();
  const jobs: { name: string; data: PollJob; jobId: string }[] = [];
  const add = async (name: string, data: PollJob, { jobId }: { jobId: string }) =>
    void jobs.push({ name, data, jobId });
  const addBulk = async (all: { name: string; data: PollJob; opts: { jobId: string } }[]) => {
    for (const { name, data, opts } of all) await add(name, data, opts);
  };
  let waiting = 5_000;
  const getWaitingCount = async () => waiting;
  const demand = createInProcessDemand(DEMAND);
  const pace = openPace(nowhere);
  const lead = (leader: () => { holder: string; term: number } | undefined) =>
    createDispatcher({
      ...{ db: pools.worker, demand, readPace: pace.read, tiersOf, metrics, log, leader, wallClock: Date.now },
      queues: { queue: () => ({ addBulk, getWaitingCount }) as never },
    });
  const polled = () => jobs.filter(({ name, data }) => name === 'feed.poll' && data.feed_id === feed_id);
  const resting = lead(() => undefined);
  resting.start();
  const heaping = lead(() => ({ holder: 'test', term: 1 }));
  heaping.start();
  const notAdded = async () => (await metrics.feedPolls.get()).values.find(({ labels }) => labels.outcome === 'full');
  await expect.poll(notAdded, { timeout: 20_000 }).toBeDefined();
  await heaping.close();
  expect(jobs).toEqual([]);
  waiting = 0;
  for (const term of [1, 2]) {
    const dispatcher = lead(() => ({ holder: 'test', term }));
    dispatcher.start();
    await expect.poll(() => polled().some(({ data }) => data.term === term), { timeout: 20_000 }).toBe(true);
    await dispatcher.close();
  }
  await resting.close();
  expect(polled()[0]!.data).toMatchObject({ feed_id, round: 1, tier: 0, term: 1 });
  expect(jobs.some(({ name }) => name === 'rooms.heal')).toBe(true);
  expect((await findFeed(pools.worker, feed_id))?.state).toBe('enabled');
  demand.close();
  pace.close();
});
