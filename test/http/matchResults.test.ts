/** Sheets of judges go back to a Tabbycat over HTTP and by a worker, and what came of them is told and recorded. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { assignmentBody, type Cast, cast, get, type Json, must, post } from '../support/client.ts';
import { openTabMatch } from '../support/results.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import type { TestTabbycat } from '../support/tabbycat.ts';
import type { DebateState } from '../support/tabbycatState.ts';

const SOON = { timeout: 20_000, interval: 50 };

describe.skipIf(isLeftOut)('a result', () => {
  let stack: Stack;
  let people: Cast;
  let site: TestTabbycat;
  let debate: DebateState;
  let secrets: string;
  let match_id: string;
  let feed_id: string;

  beforeAll(async () => {
    secrets = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
    const networks = { FEED_ALLOWED_NETWORKS: '127.0.0.0/8' };
    stack = await startStack({ FEED_SECRETS_DIR: secrets, FEED_RESULTS_BACK: 'true', ...networks });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(secrets, { recursive: true, force: true });
  });
  beforeEach(async () => {
    people = cast();
    ({ site, debate, match_id, feed_id } = await openTabMatch(stack, people.admin, secrets));
    return () => site.stop();
  });

  const speakersOf = (side: 'aff' | 'neg') => {
    const { team } = debate.teams.find((one) => one.side === side)!;
    return site.state.teams.find(({ id }) => id === team)!.speakers.map(({ id }) => String(id));
  };
  const teamOf = (side: 'petitioner' | 'respondent', score: number) => ({
    ...{ side, win: side === 'petitioner' },
    speeches: speakersOf(side === 'petitioner' ? 'aff' : 'neg').map((speaker) => ({ speaker, score })),
  });
  const sheetOf = (adjudicator: string | null) => ({
    adjudicator,
    teams: [teamOf('respondent', 74.5), teamOf('petitioner', 76)],
  });
  const handedIn = (): Json => ({ sheets: [sheetOf(String(debate.chair))], confirm: true });
  const hand = (body = handedIn(), who = people.admin) => post(stack.url, `/api/match/${match_id}/result`, who, body);
  const settled = () =>
    vi.waitFor(async () => {
      const told = await must(get(stack.url, `/api/match/${match_id}/result`, people.admin));
      expect(told.state).not.toBe('waiting');
      return told;
    }, SOON);
  const recorded = async (): Promise<string[]> => {
    const text = 'select event_type from events where stream = $1 order by sequence';
    return (await stack.pool.query(text, [`match:${match_id}`])).rows.map(({ event_type }) => event_type);
  };
  const posts = () => site.requests.filter(({ method }) => method === 'POST');

  test('arrives as one ballot of that site, in the order of the sides, and is on record with its hash and its ballot', async () => {
    const { result } = await must(hand());
    expect(result).toMatchObject({ match_id, confirm: true, state: 'waiting', ballot_id: null });
    const told = await settled();
    const [ballot] = debate.ballots;
    expect(told).toMatchObject({ id: result.id, hash: result.hash, state: 'posted', ballot_id: String(ballot!.id) });
    expect(ballot).toMatchObject({ confirmed: true });
    const link = (noun: string, id: unknown) => `${site.url}/api/v1/tournaments/${site.slug}/${noun}/${id}`;
    const [first] = ballot!.result.sheets;
    expect(first).toMatchObject({
      adjudicator: link('adjudicators', debate.chair),
      teams: [
        { side: 'aff', team: link('teams', debate.teams[0]!.team), win: true, score: 152 },
        { side: 'neg', team: link('teams', debate.teams[1]!.team), win: false, score: 149 },
      ],
    });
    await vi.waitFor(async () => {
      const events = ['PROCEDURAL_MATCH_RESULT_HANDED', 'PROCEDURAL_MATCH_RESULT_POSTED'];
      expect(await recorded()).toEqual(events);
    }, SOON);
    const { rows } = await stack.pool.query(
      `select c.input, r.sheets from commands c join match_results r using (id) where c.id = $1`,
      [result.id],
    );
    expect(rows).toEqual([{ input: expect.not.objectContaining({ sheets: expect.anything() }), sheets: null }]);
    expect(posts()).toHaveLength(1);
  });

  test('may be one sheet of the whole panel, that waits there to be confirmed, and may be followed by another', async () => {
    await must(hand({ sheets: [sheetOf(null)], confirm: false }));
    expect(await settled()).toMatchObject({ state: 'posted' });
    expect(debate.ballots).toMatchObject([{ confirmed: false }]);
    await vi.waitFor(async () => must(hand()), SOON);
    await vi.waitFor(() => expect(debate.ballots).toHaveLength(2), SOON);
  });

  test.each<[string, () => unknown, string]>([
    ['the judge is not on the panel', () => (debate.chair = null), 'not_on_panel'],
    ['its sides are not confirmed', () => (debate.sides_confirmed = false), 'sides_not_confirmed'],
    ['the debate is gone', () => site.regenerate(1), 'debate_gone'],
    ['the token may not', () => site.permissions.delete('add_ballotsubmissions'), 'not_permitted'],
  ])('fails where %s, and says so', async (_, change, why) => {
    const body = { sheets: [sheetOf(String(debate.chair))], confirm: true };
    change();
    await must(hand(body));
    expect(await settled()).toMatchObject({ state: 'failed', why, ballot_id: null });
    expect(debate.ballots).toEqual([]);
    await vi.waitFor(async () => expect((await recorded()).at(-1)).toBe('PROCEDURAL_MATCH_RESULT_FAILED'), SOON);
  });

  test('that no worker took up for most of an hour is not sent any more', async () => {
    await stack.pool.query(
      `insert into match_results (id, match_id, institution_id, feed_id, provider_id, round, hash, confirm, sheets, state,
         handed_at, due_at, attempts)
       select gen_random_uuid(), $1, $2, $3, $4, 1, repeat('0', 64), true, $5, 'waiting', t, t, 0
       from (select clock_timestamp() - interval '51 minutes' as t) as old`,
      [match_id, people.institution_id, feed_id, String(debate.id), JSON.stringify([sheetOf(null)])],
    );
    expect(await settled()).toMatchObject({ state: 'failed', why: 'too_late' });
    expect(posts()).toEqual([]);
  });

  test('is refused for a room of ours, where the feed is off, and where its sheets are none', async () => {
    await must(post(stack.url, `/api/feed/${feed_id}/disable`, people.admin));
    expect(await hand()).toMatchObject({ status: 409, body: { code: 'feed_disabled' } });
    const [sheet] = [sheetOf('1')];
    const twice = await hand({ sheets: [sheet, sheet], confirm: true });
    expect(twice).toMatchObject({ status: 422, body: { errors: [{ pointer: '/sheets/1/adjudicator' }] } });
    await stack.pool.query(`update matches set provider = 'csv' where id = $1`, [match_id]);
    expect(await hand()).toMatchObject({ status: 409, body: { code: 'no_results_back' } });
    expect(await get(stack.url, `/api/match/${match_id}/result`, people.admin)).toMatchObject({ status: 404 });
  });

  test('for the room that was made of it is refused with the match to hand it in for', async () => {
    const { result } = await must(post(stack.url, '/api/assignment/create', people.admin, assignmentBody(people)));
    await stack.pool.query('update matches set assignment_id = $2 where id = $1', [match_id, result.id]);
    const room = () => post(stack.url, `/api/match/${result.id}/result`, people.admin, handedIn());
    await expect.poll(room, SOON).toMatchObject({ status: 409, body: { code: 'no_results_back', match_id } });
    expect(await recorded()).toEqual([]);
  });

  test('is handed in by admins of its institution, and told to them alone', async () => {
    const others = cast();
    expect(await hand(undefined, others.admin)).toMatchObject({ status: 404 });
    expect(await hand(undefined, people.presiding)).toMatchObject({ status: 403 });
    await stack.pool.query(`update matches set visibility = 'public' where id = $1`, [match_id]);
    expect(await hand(undefined, others.admin)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await must(hand());
    await settled();
    expect(await get(stack.url, `/api/match/${match_id}/result`, others.admin)).toMatchObject({ status: 404 });
    expect(await get(stack.url, `/api/match/${match_id}/result`, people.presiding)).toMatchObject({ status: 403 });
  });
});
