/** What each job of ours does, whatever calls it, and that it may be run twice and be cut off. */
import { randomUUID } from 'node:crypto';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { JobTools, TimedJob } from '../../jobs/job.ts';
import { assessHealth, type HealthFacts } from '../../jobs/upkeep/assessHealth.ts';
import { countCommands, READ_PIECE } from '../../jobs/upkeep/countCommands.ts';
import { pruneCommands } from '../../jobs/upkeep/pruneCommands.ts';
import { reportHealth } from '../../jobs/upkeep/reportHealth.ts';
import { sweepExpired } from '../../jobs/upkeep/sweepExpired.ts';
import { firstIdOf, newCommandId } from '../../src/core/chain/ids.ts';
import { openQueues, type Queues } from '../../src/infra/queue/queue.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { useRedis } from '../support/redis.ts';
import { openWorld, type World } from './schedulerHarness.ts';

const DAY_MS = 86_400_000;
const SLOT = '2026-03-01T10:00:00.000Z';

/** @param batches after so many it is told that its time is over */
function runOnce(world: World, job: TimedJob, batches = Number.POSITIVE_INFINITY, backbone?: Partial<JobTools>) {
  let begun = 0;
  const tools = {
    ...{ pool: world.worker, verifierPool: world.verifier, slot: SLOT, ...backbone },
    progress: async () => {},
    isOver: () => begun++ >= batches,
  };
  return job.run(tools as unknown as JobTools);
}

describe('prune.commands', () => {
  interface Stored {
    status: string;
    accepted_days_ago: number;
    finished_days_ago?: number;
    redrive_of?: string;
  }

  async function store({ worker }: World, { status, accepted_days_ago, finished_days_ago, redrive_of }: Stored) {
    const id = newCommandId(Date.now() - accepted_days_ago * DAY_MS);
    const isFinished = status !== 'accepted';
    await worker.query(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, redrive_of,
         accepted_at, status, finished_at, outcome)
       values ($1, 'x', 'session:x', '{session:x}', '{}', 'system', 'system', '', '', $2,
         clock_timestamp() - $3 * interval '1 day', $4, clock_timestamp() - $5 * interval '1 day', $6)`,
      [
        id,
        redrive_of ?? null,
        accepted_days_ago,
        status,
        isFinished ? (finished_days_ago ?? accepted_days_ago) : null,
        isFinished ? '{}' : null,
      ],
    );
    return id;
  }

  const prune = (world: World, batches?: number, queues = world.openRunner([]).backbone.queues) =>
    runOnce(world, pruneCommands, batches, { queues });

  const left = async ({ worker }: World) =>
    (await worker.query<{ id: string }>('select id from commands order by id')).rows.map(({ id }) => id);

  test('removes what was finished seven days ago, however it ended, and nothing else', async () => {
    const world = await openWorld();
    for (const status of ['applied', 'rejected', 'dead']) await store(world, { status, accepted_days_ago: 7.1 });
    const kept = [
      await store(world, { status: 'accepted', accepted_days_ago: 30 }),
      await store(world, { status: 'applied', accepted_days_ago: 8, finished_days_ago: 6.9 }),
      ...(await Promise.all(
        ['applied', 'rejected', 'dead'].map((status) => store(world, { status, accepted_days_ago: 6.9 })),
      )),
    ];
    expect(await prune(world)).toEqual({ removed: 3 });
    expect(await left(world)).toEqual(kept.sort());
    expect(await prune(world)).toEqual({ removed: 0 });
  });

  test('is not kept from it by a redrive, which goes on saying what it redrove', async () => {
    const world = await openWorld();
    const dead = await store(world, { status: 'dead', accepted_days_ago: 9 });
    const redrive = await store(world, { status: 'applied', accepted_days_ago: 3, redrive_of: dead });
    expect(await prune(world)).toEqual({ removed: 1 });
    const { rows } = await world.worker.query('select id, redrive_of from commands');
    expect(rows).toEqual([{ id: redrive, redrive_of: dead }]);
  });

  test('works in batches, and may be cut off between them and begin again', async () => {
    const world = await openWorld();
    const ids = Array.from({ length: 2_500 }, (_, i) => newCommandId(Date.now() - 9 * DAY_MS + i));
    await world.worker.query(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, status, finished_at, outcome)
       select id, 'x', 'session:x', '{session:x}', '{}', 'system', 'system', '', '', 'applied',
         clock_timestamp() - interval '8 days', '{}' from unnest($1::uuid[]) as id`,
      [ids],
    );
    expect(await prune(world, 1)).toEqual({ removed: 1_000 });
    expect(await left(world)).toEqual(ids.slice(1_000).sort());
    expect(await prune(world)).toEqual({ removed: 1_500 });
    expect(await left(world)).toEqual([]);
  });
});

describe('dead letters', () => {
  test.skipIf(inject('redisUrl') === null).each(['Postgres', 'Redis'])(
    'go with their commands, on %s',
    async (backend) => {
      const world = await openWorld();
      const { queues: onPostgres, openPool, onError, log } = world.openRunner([]).backbone;
      const redis = backend === 'Redis' ? useRedis(inject('redisUrl')!) : undefined;
      const open = {
        openPool: (max: number) => openPool('queue', max),
        redis,
        installation: randomUUID(),
        onError,
        log,
      };
      const queues = redis ? openQueues(open) : onPostgres;
      if (redis) {
        onTestFinished(() => redis.close());
        onTestFinished(queues.close);
        await vi.waitUntil(() => queues.isConnected(), { timeout: 25_000 });
      }
      const letters = queues.queue('dead-letters');
      for (const [jobId, days_ago] of [
        ['dead-old', 7.1],
        ['dead-young', 6.9],
      ] as const) {
        await letters.add('x', {}, { jobId, timestamp: Date.now() - days_ago * DAY_MS });
      }
      await runOnce(world, pruneCommands, undefined, { queues });
      expect((await letters.getJobs(['waiting'])).map(({ id }) => id)).toEqual(['dead-young']);
    },
  );

  test('are left for the next time where the queue does not answer', async () => {
    const world = await openWorld();
    const clean = () => Promise.reject(new Error('away'));
    const queues = { queue: () => ({ clean }) } as unknown as Queues;
    const log = createLog('silent', 'test');
    expect(await runOnce(world, pruneCommands, undefined, { queues, log })).toEqual({ removed: 0 });
  });
});

describe('sweep.expired', () => {
  /** So many days ago, an observation that never had a socket, one that had, and one that goes on. */
  async function observe({ database }: World, days: number[]): Promise<void> {
    await database.pool.query(
      `set session_replication_role = replica;
       insert into session_observations (id, session_id, observed_at, left_at)
       select gen_random_uuid(), gen_random_uuid(), at, left_at
       from unnest(array[${days.join(', ')}]) as n
       cross join lateral (select now() - n * interval '1 day' as at) began
       cross join lateral (values (at), (at + interval '1 minute'), (null)) as ended (left_at);
       reset session_replication_role`,
    );
  }

  test('removes old ticks but for the newest of each job, old reports and verdicts, snapshots that are old or hold what was erased, and revocations that end nothing any more', async () => {
    const world = await openWorld();
    const tick = (name: string, days_ago: number, term: number | null, status = 'succeeded') =>
      world.worker.query(
        `insert into schedule_ticks (name, slot, id, queue, term, status, finished_at)
         values ($1, clock_timestamp() - $2 * interval '1 day', $3, 'maintenance', $4, $5,
           case $5 when 'waiting' then null else clock_timestamp() - $2 * interval '1 day' end)`,
        [name, days_ago, randomUUID(), term, status],
      );
    for (const days of [50, 40, 31]) await tick('test.old', days, 1);
    await tick('test.old', 5, null);
    for (const days of [40, 10]) await tick('test.young', days, 1);
    await tick('test.young', 35, 1, 'waiting');
    for (const days of [91, 89]) {
      await world.worker.query(
        `insert into health_reports (slot, made_at, concerns, report) values
           (clock_timestamp() - $1 * interval '1 day', clock_timestamp() - $1 * interval '1 day', '{}', '{}')`,
        [days],
      );
    }
    await world.database.pool.query(
      `insert into integrity_runs (id, state, finished_at, error)
       select gen_random_uuid(), 'failed', now() - n * interval '1 day', 'none' from generate_series(28, 33) as n`,
    );
    await world.database.pool.query(
      `insert into revocations (id, claim, value, revoked_at, revoked_by, kept_until)
       select gen_random_uuid(), 'jti', 'kept until day ' || n, now(), 'system', now() + n * interval '1 day'
       from generate_series(-2, 1) as n where n <> 0`,
    );
    // Of a stream of which nothing was erased, one says otherwise.
    await world.worker.query(
      `insert into stream_states (stream, key_id, sequence, event_hash, erased, state, seal, stored_at)
       select 'session:x', key, 70, '', erased, '', '', clock_timestamp() - days * interval '1 day'
       from (values ('old', 0, 1.1), ('young', 0, 0.9), ('erased', 1, 0)) as s (key, erased, days)`,
    );
    await observe(world, [31, 29]);
    const removed = {
      ticks: 3,
      health_reports: 1,
      integrity_runs: 4,
      observations: 1,
      stream_states: 2,
      revocations: 2,
    };
    expect(await runOnce(world, sweepExpired)).toMatchObject(removed);
    const { rows: states } = await world.worker.query('select key_id from stream_states');
    expect(states).toEqual([{ key_id: 'young' }]);
    const { rows: kept } = await world.database.pool.query('select value from revocations');
    expect(kept).toEqual([{ value: 'kept until day 1' }]);
    const days = async (name: string) =>
      (await world.ticks(name)).map(({ slot }) => Math.round((Date.now() - Date.parse(slot)) / DAY_MS));
    expect(await days('test.old')).toEqual([31, 5]);
    expect(await days('test.young')).toEqual([35, 10]);
    const again = await runOnce(world, sweepExpired);
    expect(Object.values(again).filter((count) => count !== 0)).toEqual([]);
  });
});

describe('of policies sweep.expired', () => {
  test('removes what was decided 30 days ago, and nothing younger', async () => {
    const world = await openWorld();
    const { pool } = world.database;
    await pool.query(
      `insert into policy_decisions
       select gen_random_uuid(), now() - n * interval '1 day', gen_random_uuid(), 'turn.start', 'judge', 75, false, 12, true, 1
       from generate_series(29, 32) as n`,
    );
    await pool.query(
      `insert into policy_outcomes
       select gen_random_uuid(), 1, now() - n * interval '1 day', gen_random_uuid(), 'turn.start', 'passed', '', gen_random_uuid(), 1
       from generate_series(29, 32) as n`,
    );
    expect(await runOnce(world, sweepExpired)).toMatchObject({ policy_decisions: 3, policy_outcomes: 3 });
    for (const table of ['policy_decisions', 'policy_outcomes']) {
      const { rows } = await pool.query(`select now() - slot < interval '30 days' as is_young from ${table}`);
      expect(rows).toEqual([{ is_young: true }]);
    }
  });
});

describe('of feeds sweep.expired', () => {
  test('removes old runs, invitations and results, conflicts that were settled long ago, and all that is known of feeds that are gone', async () => {
    const world = await openWorld();
    const [kept, gone, young] = [randomUUID(), randomUUID(), randomUUID()];
    const { pool } = world.database;
    await pool.query(
      `insert into feeds (id, institution_id, provider, name, visibility, state, created_at, changed_at)
       select id, gen_random_uuid(), 'csv', 'Moot', 'private', state, now(), now() - days * interval '1 day'
       from (values ($1::uuid, 'enabled', 90), ($2, 'removed', 31), ($3, 'removed', 29)) as f (id, state, days)`,
      [kept, gone, young],
    );
    await pool.query(
      `insert into feed_runs (id, feed_id, institution_id, kind, actor_id, actor_role, state, error, finished_at)
       select gen_random_uuid(), $1, gen_random_uuid(), 'sync', 'x', 'admin', 'failed', 'none', now() - n * interval '1 day'
       from generate_series(6, 8) as n`,
      [kept],
    );
    await pool.query(
      `insert into feed_conflicts (feed_id, n, assignment_id, debate, field, settled_at, taken)
       select $1, n, gen_random_uuid(), 'd', 'title', now() - n * interval '1 day', 'ours' from generate_series(29, 31) as n`,
      [kept],
    );
    await pool.query(
      `insert into feed_people (feed_id, provider_id, kind, user_id)
       select feed, '1', 'speaker', gen_random_uuid() from unnest($1::uuid[]) as feed`,
      [[kept, gone, young]],
    );
    await pool.query(
      `insert into feed_invites (feed_id, provider_id, id, institution_id, user_id, role, secret_hash, invited_at, expires_at)
       select $1, n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'judge', repeat(n::text, 32), now(),
         now() - n * interval '1 day'
       from generate_series(29, 31) as n`,
      [kept],
    );
    await pool.query(
      `insert into match_results (id, match_id, institution_id, feed_id, provider_id, round, hash, confirm, state, why, handed_at,
         settled_at, noted_at, due_at, attempts)
       select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), $1, 'd', 1, 'none', true, 'failed', 'unknown', now(),
         now(), now() - n * interval '1 day', now(), 1
       from generate_series(89, 91) as n`,
      [kept],
    );
    await pool.query(
      `insert into feed_mappings (feed_id, entity_type, provider_id, canonical_id, base)
       select feed, 'debate', '1', gen_random_uuid(), '{}' from unnest($1::uuid[]) as feed`,
      [[kept, gone, young]],
    );
    await pool.query(
      `insert into feed_conflicts (feed_id, n, assignment_id, debate, field)
       select feed, 1, gen_random_uuid(), 'd', 'title' from unnest($1::uuid[]) as feed`,
      [[kept, gone, young]],
    );
    await pool.query(`insert into feed_states (feed_id) select unnest($1::uuid[])`, [[kept, gone, young]]);
    const ofMatches = { feed_invites: 2, match_results: 2 };
    const ofFeed = { feed_people: 1, feed_mappings: 1, feed_conflicts_open: 1, feed_states: 1 };
    expect(await runOnce(world, sweepExpired)).toMatchObject({
      feed_runs: 2,
      feed_conflicts: 2,
      ...ofFeed,
      ...ofMatches,
    });
    for (const table of ['feed_people', 'feed_mappings', 'feed_states']) {
      const { rows } = await pool.query(`select feed_id from ${table}`);
      expect(rows.map(({ feed_id }) => feed_id).sort()).toEqual([kept, young].sort());
    }
    const again = await runOnce(world, sweepExpired);
    expect(Object.values(again).filter((count) => count !== 0)).toEqual([]);
  });
});

describe('generate_system_health_report', () => {
  test('stores what there is and what somebody should look at; a second run writes it anew', async () => {
    const world = await openWorld();
    const { queues } = world.openRunner([]).backbone;
    await world.fireByHand('test.work', SLOT);
    await world.worker.query(`update schedule_ticks set status = 'failed', finished_at = clock_timestamp()`);
    await world.worker.query(
      `insert into schedules (name, summary, cron, missed, queue, next_slot)
       values ('test.work', '', '* * * * *', 'latest', 'maintenance', clock_timestamp() + interval '1 minute')`,
    );
    // The tests' Postgres does not wait for its disk.
    const concerns = ['test.work failed 1 time.', expect.stringMatching('^Postgres has fsync = off')];
    for (let run = 0; run < 2; run++) {
      expect(await runOnce(world, reportHealth, undefined, { queues })).toEqual({
        concerns,
      });
    }
    const { rows } = await world.worker.query('select slot, concerns, report from health_reports');
    expect(rows).toMatchObject([
      {
        slot: SLOT,
        concerns,
        report: {
          version: expect.any(String),
          database: { version: expect.any(String), bytes: expect.any(Number), durability: { fsync: 'off' } },
          record: { streams: 0, events: 0, assignments: 0, sessions: {} },
          findings_open: 0,
          commands: { accepted: 0, applied: 0, rejected: 0, dead: 0, p99_ms: null, hours: 24 },
          inbox: { pending: 0, dead: 0, oldest_pending_seconds: 0 },
          jobs: [{ name: 'test.work', failed: 1, succeeded: 0, incomplete: 0 }],
          queues: { maintenance: expect.any(Object), commands: expect.any(Object) },
        },
      },
    ]);
  });

  /** Of so many hours ago, each applied within so many milliseconds. */
  const storeCommands = ({ database }: World, count: number, hours_ago: number, took_ms = '0', status = 'applied') =>
    database.pool.query(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, status,
         accepted_at, finished_at, outcome)
       select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || lpad(to_hex(n), 20, '0'))::uuid, 'x',
         'session:x', '{session:x}', '{}', 'system', 'system', '', '', $3, at,
         case when $3 <> 'accepted' then at + ${took_ms} * interval '1 millisecond' end, case when $3 <> 'accepted' then '{}' end
       from generate_series(1, $1) as n, (select clock_timestamp() - $2 * interval '1 hour' as at) a`,
      [count, hours_ago, status],
    );

  test('counts the commands of a day by their ids, however many there are of before', async () => {
    const world = await openWorld();
    await storeCommands(world, 20_000, 72);
    await storeCommands(world, 10, 21.6);
    await world.database.pool.query('analyze commands');
    const now_ms = Date.now();
    const values = [firstIdOf(now_ms - DAY_MS), firstIdOf(now_ms), new Date(now_ms - DAY_MS).toISOString()];
    const { rows } = await world.worker.query(`explain (analyze, buffers, format json) ${READ_PIECE}`, values);
    expect(rows[0]['QUERY PLAN'][0].Plan['Shared Hit Blocks']).toBeLessThan(50);
    const counted = await countCommands(world.worker as never, () => false);
    expect(counted).toEqual({ accepted: 10, applied: 10, rejected: 0, dead: 0, p99_ms: 0, hours: 24 });
  });

  test('counts each command of a day once, however it ended, and says what 99 of a hundred did not exceed', async () => {
    const world = await openWorld();
    // The clocks of an API and of the database differ: one is of a minute to come, another of an hour before its id.
    await storeCommands(world, 1, -1 / 60, '1');
    for (const hours of [1 / 6, 0.5, 12, 23.9]) await storeCommands(world, 99, hours, 'n');
    await storeCommands(world, 3, 5, '12345', 'rejected');
    await storeCommands(world, 2, 6, '70000', 'dead');
    await storeCommands(world, 4, 7, '0', 'accepted');
    await storeCommands(world, 7, 24.1);
    expect(await countCommands(world.worker as never, () => false)).toEqual({
      ...{ accepted: 406, applied: 397, rejected: 3, dead: 2 },
      // Of the 402 that have ended the 398th, which took 12.345 seconds.
      ...{ p99_ms: 12_000, hours: 24 },
    });
  });

  test('counts the newest where its time is over before the day is, and says of how many hours', async () => {
    const world = await openWorld();
    await storeCommands(world, 5, 0.5);
    await storeCommands(world, 5, 3);
    let asked = 0;
    const counted = await countCommands(world.worker as never, () => ++asked > 5);
    expect(counted).toMatchObject({ accepted: 5, hours: 1 });
    const facts = { ...well, commands: counted };
    expect(assessHealth(facts)).toEqual(['The report had time to count the commands of 1 hour, not of 24.']);
  });

  const durability = { synchronous_commit: 'on', synchronous_standby_names: '', fsync: 'on', full_page_writes: 'on' };
  const well: HealthFacts = {
    version: '1',
    database: { version: '18', bytes: 1, durability },
    record: { streams: 1, events: 1, assignments: 1, sessions: {} },
    findings_open: 0,
    commands: { accepted: 1, applied: 1, rejected: 0, dead: 0, p99_ms: 3, hours: 24 },
    inbox: { pending: 0, dead: 0, oldest_pending_seconds: 0 },
    jobs: [
      {
        name: 'a.b',
        overdue_seconds: -60,
        succeeded: 1,
        failed: 0,
        passed_over: 0,
        incomplete: 0,
        most_late_seconds: 0,
      },
    ],
    queues: {},
  };

  test.each<[string, Partial<HealthFacts>, string[]]>([
    ['nothing', {}, []],
    ['findings', { findings_open: 1 }, ['1 finding about the record: see /ops/findings.']],
    ['commands that died', { commands: { ...well.commands, dead: 2 } }, ['2 commands of the last 24 hours died.']],
    [
      'a command that waits',
      { inbox: { ...well.inbox, oldest_pending_seconds: 61 } },
      ['A command has been waiting for its outcome for 61 seconds.'],
    ],
    [
      'a job that fails, is late and is passed over',
      { jobs: [{ ...well.jobs[0]!, failed: 1, passed_over: 2, overdue_seconds: 301 }] },
      ['a.b failed 1 time.', '2 ticks of a.b were passed over.', 'a.b is overdue for 301 seconds.'],
    ],
    [
      'a verification that had not time for all, and not about another job that goes on later',
      { jobs: ['verify.x', 'expire.x'].map((name) => ({ ...well.jobs[0]!, name, incomplete: 1 })) },
      ['verify.x had not time for all 1 time; the next run goes on where it ended.'],
    ],
    [
      'a Postgres that does not wait for its disk',
      { database: { ...well.database, durability: { ...durability, synchronous_commit: 'off' } } },
      ['Postgres has synchronous_commit = off: what was accepted can be lost when Postgres or its host stops at once.'],
    ],
    [
      'a queue that does not answer',
      { queues: null },
      ['The queue does not answer; workers look for what is due by themselves.'],
    ],
  ])('is concerned about %s', (_, changes, concerns) => {
    expect(assessHealth({ ...well, ...changes })).toEqual(concerns);
  });
});
