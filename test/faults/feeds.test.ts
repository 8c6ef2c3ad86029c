/**
 * Feeds while processes die around them: a leader in the middle of a poll, a leader that wakes beside another, a relay
 * with its boards, a worker in the middle of an import, and a Redis that forgets. Boards end with what stands, nothing is
 * made twice, and the record verifies. That the lease is handed over within two seconds is for scheduler.test.ts to say.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { POLL_ROUND } from '../../jobs/feeds/jobs.ts';
import { pollId } from '../../jobs/feeds/polls.ts';
import { DEMAND } from '../../src/infra/feeds/demand.ts';
import { createRedisDemand } from '../../src/infra/feeds/redisDemand.ts';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { type Board, openBoard, TRANSPORTS } from '../support/boards.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, type Json, must } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { leadingTerm, untilLedAfter } from '../support/leases.ts';
import { type Process, until } from '../support/processes.ts';
import { startRedis, type TestRedis, useRedis } from '../support/redis.ts';
import type { TabbycatOptions } from '../support/tabbycat.ts';
import { feedSettings, openTournament, paceKey, type Tournament } from '../support/tournament.ts';
import { type Scene, shareScene } from './scene.ts';
import { twoSchedulers } from './schedulers.ts';

const CLEANLY = { code: 0, signal: null };
const KILLED = { code: null, signal: 'SIGKILL' };
/** Until a leader has come after another, has read which rounds there are, and a worker has asked. */
const PATIENCE_MS = 60_000;
/** With more that is followed the requests of a minute are spent sooner. */
const FOLLOWED = 2;
const TIMEOUT = { timeout: 300_000 };
/** Of one import: more than are sent at once. */
const IMPORTED = 30;
const SENT_AT_ONCE = 10;
const WON = { phase: 'finished', score: { winner: 'petitioner' } };

describe.skipIf(inject('redisUrl') === null)('feeds', () => {
  let redis: TestRedis;
  let secrets: string;
  beforeAll(async () => {
    secrets = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis.stop();
    rmSync(secrets, { recursive: true, force: true });
  });

  const shared = shareScene(
    async () => ({ redisUrl: redis.url }),
    async (scene) => {
      const [api, relay] = await Promise.all([scene.startApi(feedSettings(secrets)), scene.startRelay()]);
      return { scene, api, relay };
    },
  );

  /** The one that works; another in the place of one that died. */
  async function workerOf({ processes, startWorker }: Scene): Promise<Process> {
    return processes.find((one) => one.name === 'worker' && one.isAlive()) ?? startWorker(feedSettings(secrets));
  }

  /** A tournament whose first round has begun, so that it is asked about every few seconds while boards follow it. */
  async function hold(options: TabbycatOptions = {}): Promise<Tournament> {
    const { scene, api } = shared();
    await workerOf(scene);
    const starts_at = new Date(Date.now() - 10 * 60_000).toISOString();
    const tournament = await openTournament(api.url, secrets, { rounds: 4, rooms: 4, starts_at, ...options });
    onTestFinished(tournament.end);
    await must(tournament.ask('sync'));
    return tournament;
  }

  /** On both transports, at this relay. */
  async function openBoards({ board: who, site, matchOf }: Tournament, relay = shared().relay): Promise<Board[]> {
    const boards = await Promise.all(TRANSPORTS.map((on) => openBoard(relay.url, who, on)));
    onTestFinished(() => {
      for (const { listener } of boards) listener.close();
    });
    for (const board of boards) {
      for (const debate of site.round(1).debates.slice(0, FOLLOWED)) await board.follow(matchOf(debate), [0, 1]);
    }
    return boards;
  }

  const prefixOf = async () => redisPrefix(await readInstallationId(shared().scene.database.url, 'worker'));

  /** @returns what counts those that follow a match; undefined where Redis does not say */
  async function openDemand() {
    const server = useRedis(redis.url);
    const demand = createRedisDemand(server, await prefixOf(), DEMAND);
    onTestFinished(() => {
      demand.close();
      server.close();
    });
    return async (match_id: string): Promise<number | undefined> => {
      const [count] = await demand.demandOf([match_id]).catch(() => []);
      return count;
    };
  }

  const eventsOf = async (match_id: string): Promise<Json[]> => {
    const text = 'select kind, details from match_events where match_id = $1 order by seq';
    return (await shared().scene.database.pool.query(text, [match_id])).rows;
  };
  const expectIntact = () => checkHistory(shared().scene.database, []);

  test(
    'that a leader was asking about when it was killed are asked about by the next, and told of once',
    TIMEOUT,
    async () => {
      const { scene } = shared();
      const { first, term } = await twoSchedulers(scene);
      const tournament = await hold();
      const { site } = tournament;
      const boards = await openBoards(tournament);
      const [debate] = site.round(1).debates;
      const match_id = tournament.matchOf(debate!);
      site.requests.splice(0);
      site.fail({ kind: 'silence', path: '/rounds/1', times: 1 });
      const isUnderWay = ({ path, status }: { path: string; status: number }) =>
        status === 0 && path.includes('/rounds/1');
      await until('a poll is under way', () => site.requests.some(isUnderWay), PATIENCE_MS);
      first.signal('SIGKILL');
      expect(await first.exited).toEqual(KILLED);
      site.decide(debate!, 'aff');
      await untilLedAfter(scene.database.pool, term);
      for (const board of boards) {
        await board.shows(match_id, WON);
        expect(board.disorder()).toEqual([]);
        const ends = board
          .told(match_id)
          .filter(({ type, changed }) => type === 'delta' && changed.phase === 'finished');
        expect(ends.length).toBeLessThanOrEqual(1);
      }
      const events = await eventsOf(match_id);
      expect(events.filter(({ kind }) => kind === 'result')).toHaveLength(1);
      expect(events.filter(({ details }) => details.to === 'finished')).toHaveLength(1);
      await expectIntact();
    },
  );

  test(
    'are asked about by the leader of the last term alone, and once for two that lead in the same second',
    TIMEOUT,
    async () => {
      const { scene } = shared();
      const { first, standby, term } = await twoSchedulers(scene);
      const { site, feed_id } = await hold();
      first.signal('SIGSTOP');
      await first.stopped();
      await untilLedAfter(scene.database.pool, term);
      first.signal('SIGCONT');
      const queue = await scene.openQueue('default');
      const pathsOf = (round: number) => site.requests.filter(({ path }) => path.endsWith(`/rounds/${round}`));
      /** Rounds that no leader asks about: nothing of them is released. */
      const ask = async (round: number, by: number, tick: number): Promise<Json> => {
        const poll = { feed_id, round, tier: 0 as const, tick, term: by };
        await queue.add(POLL_ROUND, poll, { jobId: pollId(poll) });
        return until(
          'it was answered',
          async () => (await queue.getJob(pollId(poll)))?.returnvalue as Json | undefined,
        );
      };
      const now = () => Math.floor(Date.now() / 1_000);
      expect(await ask(3, term, now())).toEqual({ skipped: 'fenced' });
      expect(pathsOf(3)).toEqual([]);
      /** What came too late on a busy machine, found no place beside others or lost its leader asked the site nothing. */
      const bothAsked = async () => {
        const [tick, by] = [now(), await leadingTerm(scene.database.pool)];
        const both = await Promise.all([ask(4, by, tick), ask(4, by, tick)]);
        return both.some(({ skipped }) => skipped) ? undefined : both;
      };
      const answers = await until('the leader of now is answered', bothAsked);
      expect(answers).toMatchObject(Array(2).fill({ matches: 0, changes: 0 }));
      expect(pathsOf(4)).toHaveLength(1);
      expect(first.isAlive() && standby.isAlive()).toBe(true);
      await expectIntact();
    },
  );

  test.runIf(isEverything)(
    'are asked about by the next leader where one is told to stop, which ends cleanly',
    TIMEOUT,
    async () => {
      const { scene } = shared();
      const { first, term } = await twoSchedulers(scene);
      const tournament = await hold();
      const boards = await openBoards(tournament);
      const queue = await scene.openQueue('default');
      first.signal('SIGTERM');
      expect(await first.exited).toEqual(CLEANLY);
      expect(first.output()).not.toContain('lease not given back');
      await untilLedAfter(scene.database.pool, term);
      const isNext = ({ data }: { data: Json }) => data.feed_id === tournament.feed_id && data.term > term;
      await until(
        'the next asks',
        async () => (await queue.getJobs(['completed', 'active', 'waiting'])).some((job) => job && isNext(job)),
        PATIENCE_MS,
      );
      const [debate] = tournament.site.round(1).debates;
      tournament.site.decide(debate!, 'aff');
      for (const board of boards) await board.shows(tournament.matchOf(debate!), WON);
      await expectIntact();
    },
  );

  test.runIf(isEverything)(
    'are followed on by boards where Redis forgets everything, and their demand is known again',
    TIMEOUT,
    async () => {
      const { scene, relay } = shared();
      await twoSchedulers(scene);
      const tournament = await hold();
      const { site } = tournament;
      const boards = await openBoards(tournament);
      const demandOf = await openDemand();
      const [before, after] = site.round(1).debates;
      const [first, second] = [tournament.matchOf(before!), tournament.matchOf(after!)];
      site.decide(before!, 'aff');
      for (const board of boards) await board.shows(first, WON);
      await until('demand is known', async () => (await demandOf(first)) === boards.length, PATIENCE_MS);
      await redis.tell('FLUSHALL');
      site.decide(after!, 'aff');
      for (const board of boards) await board.shows(second, WON);
      const late = await openBoard(relay.url, tournament.board, TRANSPORTS[0]);
      onTestFinished(() => late.listener.close());
      await late.follow(first, [0, 1]);
      await late.shows(first, WON);
      const recorded = await eventsOf(first);
      const isReplayed = ({ type, match_id, events }: Json) =>
        type === 'events_batch' && match_id === first && events.length === recorded.length;
      await until('all that happened is told', () => late.listener.messages.some(isReplayed), PATIENCE_MS);
      await until('demand is known again', async () => (await demandOf(first)) === boards.length + 1, PATIENCE_MS);
      for (const board of [...boards, late]) expect(board.disorder()).toEqual([]);
      await expectIntact();
    },
  );

  test.runIf(isEverything)(
    'are wanted by nobody at a relay that was killed, as soon as its leases are over, and by all others always',
    TIMEOUT,
    async () => {
      const { scene, relay } = shared();
      const tournament = await hold();
      const doomed = await scene.startRelay();
      const staying = await openBoards(tournament, relay);
      const lost = await openBoards(tournament, doomed);
      const demandOf = await openDemand();
      const [debate] = tournament.site.round(1).debates;
      const match_id = tournament.matchOf(debate!);
      const all = staying.length + lost.length;
      await until('all are counted', async () => (await demandOf(match_id)) === all, PATIENCE_MS);
      doomed.signal('SIGKILL');
      expect(await doomed.exited).toEqual(KILLED);
      const counted: number[] = [];
      await until(
        'those of the dead are forgotten',
        async () => {
          const count = await demandOf(match_id);
          if (count !== undefined) counted.push(count);
          return count === staying.length;
        },
        DEMAND.lease_ms + PATIENCE_MS,
      );
      expect(counted.filter((count) => count < staying.length || count > all)).toEqual([]);
      const back = await openBoards(tournament, relay);
      await until('they are back', async () => (await demandOf(match_id)) === all, PATIENCE_MS);
      await twoSchedulers(scene);
      tournament.site.decide(debate!, 'aff');
      for (const board of [...staying, ...back]) await board.shows(match_id, WON);
      await expectIntact();
    },
  );

  test.runIf(isEverything)(
    'are brought in once, though the worker is killed when half of it is asked for',
    TIMEOUT,
    async () => {
      const { scene, api } = shared();
      // So far ahead that polls ask for little beside the imports.
      const starts_at = new Date(Date.now() + 3 * 3_600_000).toISOString();
      const { site, feed_id, people, ask, assignments } = await hold({ rounds: 1, rooms: IMPORTED, starts_at });
      const worker = await workerOf(scene);
      const { pool } = scene.database;
      const blocker = await pool.connect();
      let location: string;
      try {
        // Matches can be read and not be made.
        await blocker.query('begin');
        await blocker.query('lock table assignments in exclusive mode');
        const asked = await ask('import', { round: 1 }, { prefer: 'respond-async' });
        expect(asked.status).toBe(202);
        location = asked.headers.get('location')!;
        const sent = `select from commands where idempotency_scope = $1 and status = 'accepted'`;
        await until(
          'the first commands wait',
          async () => (await pool.query(sent, [`feed:${feed_id}`])).rowCount === SENT_AT_ONCE,
          PATIENCE_MS,
        );
        worker.signal('SIGKILL');
        expect(await worker.exited).toEqual(KILLED);
      } finally {
        await blocker.query('rollback');
        blocker.release();
      }
      // What that site says since is not what was begun.
      site.state.venues[0]!.display_name = 'Courtroom of tomorrow';
      await workerOf(scene);
      const isOver = async () => (await get(api.url, location, people.admin)).status === 200;
      await until('the run is over', isOver, PATIENCE_MS + 30_000);
      const { result } = await must(get(api.url, location, people.admin));
      expect(result).toMatchObject({ create: { length: IMPORTED }, left: [], conflicts: [] });
      const made = await assignments();
      expect(made).toHaveLength(IMPORTED);
      expect(made.map(({ id }) => id).sort()).toEqual(
        result.create.map(({ assignment_id }: Json) => assignment_id).sort(),
      );
      await redis.tell('DEL', `${await prefixOf()}${paceKey(feed_id)}`);
      const again = await must(ask('import', { round: 1 }));
      expect(again).toMatchObject({ create: [], cancel: [], change: [{ changes: [{ field: 'courtroom' }] }] });
      await expectIntact();
    },
  );
});
