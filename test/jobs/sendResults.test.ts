/** A result is sent at most once: after a death, and where nobody can say whether it arrived, the site is asked. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Posting, postResult } from '../../jobs/feeds/postResult.ts';
import { claimResult, type ResultClaim } from '../../jobs/feeds/resultLedger.ts';
import { openSites, type Sites } from '../../jobs/feeds/sites.ts';
import { OutboundError } from '../../src/core/definitions/outbound.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { type Cast, cast } from '../support/client.ts';
import { openTabMatch } from '../support/results.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import type { TestTabbycat } from '../support/tabbycat.ts';
import type { DebateState } from '../support/tabbycatState.ts';

class Death extends Error {}

describe.skipIf(isLeftOut)('sending a result', () => {
  let stack: Stack;
  let worker: pg.Pool;
  let sites: Sites;
  let secrets: string;
  let people: Cast;
  let site: TestTabbycat;
  let debate: DebateState;
  let match: { feed_id: string; match_id: string };

  beforeAll(async () => {
    secrets = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
    stack = await startStack({ FEED_SECRETS_DIR: secrets, FEED_ALLOWED_NETWORKS: '127.0.0.0/8' });
    worker = openPool(stack.database.url, 'worker', 2, () => {});
    sites = openSites(stack.backbones[0]!);
  });
  afterAll(async () => {
    await sites?.close();
    await worker?.end();
    await stack?.stop();
    rmSync(secrets, { recursive: true, force: true });
  });
  beforeEach(async () => {
    people = cast();
    ({ site, debate, ...match } = await openTabMatch(stack, people.admin, secrets));
    return async () => {
      await stack.pool.query('delete from match_results');
      await site.stop();
    };
  });

  const speakerOf = (side: 'aff' | 'neg') => {
    const { team } = debate.teams.find((one) => one.side === side)!;
    return String(site.state.teams.find(({ id }) => id === team)!.speakers[0]!.id);
  };
  const sheetsOf = (points = 76) => [
    {
      adjudicator: String(debate.chair),
      teams: [
        { side: 'petitioner', speeches: [{ speaker: speakerOf('aff'), score: points }] },
        { side: 'respondent', speeches: [{ speaker: speakerOf('neg'), score: 75 }] },
      ],
    },
  ];

  /**
   * In one transaction with what makes it due, and for longer than any test takes, so that no other worker finds it. It is due
   * since a second: instants are rounded to milliseconds.
   */
  async function claim(id: string, makeDue: (db: Queryable) => Promise<unknown>): Promise<ResultClaim> {
    return inTransaction(stack.pool, async (db) => {
      await makeDue(db);
      const claimed = (await claimResult(db, id))!;
      await db.query(`update match_results set due_at = due_at + interval '1 hour' where id = $1`, [id]);
      return claimed;
    });
  }

  /** Claimed as it is handed in. */
  async function hand(sheets = sheetsOf()): Promise<ResultClaim> {
    const id = randomUUID();
    const text = `
      insert into match_results (id, match_id, institution_id, feed_id, provider_id, round, hash, confirm, sheets, state,
         handed_at, due_at, attempts)
       values ($1, $2, $3, $4, $5, 1, 'none', true, $6, 'waiting', clock_timestamp(), clock_timestamp() - interval '1 second', 0)`;
    const { institution_id } = people;
    const values = [id, match.match_id, institution_id, match.feed_id, String(debate.id), JSON.stringify(sheets)];
    return claim(id, (db) => db.query(text, values));
  }

  /** As another worker finds it whose claim has run out. */
  async function claimAgain({ id }: ResultClaim): Promise<ResultClaim> {
    const text = `update match_results set due_at = clock_timestamp() - interval '1 second' where id = $1`;
    return claim(id, (db) => db.query(text, [id]));
  }

  const posting = (more: Partial<Posting> = {}): Posting => ({ db: worker, sites, goOn() {}, ...more });
  const dyingAt = (point: string) =>
    posting({
      reach(reached) {
        if (reached === point) throw new Death();
      },
    });
  const posts = () => site.requests.filter(({ method }) => method === 'POST').length;
  const ballotId = () => String(debate.ballots.at(-1)!.id);

  test('that arrived before its worker died is found there, and is not sent again', async () => {
    const first = await hand();
    await expect(postResult(dyingAt('posted'), first)).rejects.toThrow(Death);
    expect(await postResult(posting(), await claimAgain(first))).toEqual({ ballot_id: ballotId() });
    expect(posts()).toBe(1);
  });

  test('that may have been sent by a worker that died, and is not there, has failed, and is not sent', async () => {
    const first = await hand();
    await expect(postResult(dyingAt('posting'), first)).rejects.toThrow(Death);
    expect(await postResult(posting(), await claimAgain(first))).toEqual({ why: 'unknown' });
    expect(posts()).toBe(0);
  });

  test('that was stored there, and whose answer is lost, is found there', async () => {
    site.fail({ kind: 'hang_up', path: '/ballots', method: 'POST', isDone: true, times: 1 });
    const first = await hand();
    await expect(postResult(posting(), first)).rejects.toThrow(OutboundError);
    expect(await postResult(posting(), await claimAgain(first))).toEqual({ ballot_id: ballotId() });
    expect(posts()).toBe(1);
  });

  test('that the site failed to store has failed, once it says that there is none', async () => {
    site.fail({ kind: 'fail', path: '/ballots', method: 'POST', times: 1 });
    const first = await hand();
    await expect(postResult(posting(), first)).rejects.toThrow(OutboundError);
    site.fail({ kind: 'fail', path: '/ballots', method: 'GET', times: 2 });
    const second = await claimAgain(first);
    await expect(postResult(posting(), second)).rejects.toThrow(OutboundError);
    expect(await postResult(posting(), await claimAgain(second))).toEqual({ why: 'unknown' });
    expect(posts()).toBe(1);
  });

  test('that the site would not have just then is sent later', async () => {
    site.fail({ kind: 'limit', path: '/ballots', method: 'POST', times: 1 });
    const first = await hand();
    await expect(postResult(posting(), first)).rejects.toThrow(OutboundError);
    expect(await postResult(posting(), await claimAgain(first))).toEqual({ ballot_id: ballotId() });
    expect([posts(), debate.ballots.length]).toEqual([2, 1]);
  });

  test('that has never left, as no connection could be made, is sent later', async () => {
    const first = await hand();
    const unsent = new OutboundError('unreachable', { isUnsent: true });
    const unconnected: Posting['sites'] = {
      async open(...asked) {
        const { site: there, ...opened } = await sites.open(...asked);
        return { ...opened, site: { ...there, outbound: { ...there.outbound, post: () => Promise.reject(unsent) } } };
      },
    };
    await expect(postResult(posting({ sites: unconnected }), first)).rejects.toBe(unsent);
    expect(await postResult(posting(), await claimAgain(first))).toEqual({ ballot_id: ballotId() });
    expect(posts()).toBe(1);
  });

  test('takes no ballot for its own that was there before, or says something else', async () => {
    const same = await hand();
    expect(await postResult(posting(), same)).toEqual({ ballot_id: ballotId() });
    const before = ballotId();
    const first = await hand();
    await expect(postResult(dyingAt('posting'), first)).rejects.toThrow(Death);
    const other = await hand(sheetsOf(70));
    expect(await postResult(posting(), other)).toEqual({ ballot_id: ballotId() });
    expect(ballotId()).not.toBe(before);
    expect(await postResult(posting(), await claimAgain(first))).toEqual({ why: 'unknown' });
  });

  test('by a worker that has lost its claim is not begun', async () => {
    const first = await hand();
    await claimAgain(first);
    await expect(postResult(posting(), first)).rejects.toThrow('the claim of the result is lost');
    expect(posts()).toBe(0);
  });

  test('that waited for too long is not begun: another one may have been handed in since', async () => {
    const first = await hand();
    await stack.pool.query(`update match_results set handed_at = handed_at - interval '50 minutes' where id = $1`, [
      first.id,
    ]);
    await expect(postResult(posting(), first)).rejects.toThrow('it is too late');
    expect(posts()).toBe(0);
  });

  test('is over with its feed', async () => {
    await stack.pool.query(`update feeds set state = 'disabled' where id = $1`, [match.feed_id]);
    expect(await postResult(posting(), await hand())).toEqual({ why: 'feed_disabled' });
  });
});
