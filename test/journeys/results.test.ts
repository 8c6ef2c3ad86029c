/**
 * Results of a round go back to its Tabbycat: rooms are held, sheets are handed in for the matches that they came from, and
 * boards show what is confirmed there. One is taken back by its tab room, goes from boards, and is handed in anew. The site
 * has each result once, and the record verifies.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Board, openBoard, TRANSPORTS } from '../support/boards.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, type Json, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import type { DebateState } from '../support/tabbycatState.ts';
import { feedSettings, forgetPace, openTournament, type Tournament } from '../support/tournament.ts';
import { expectIntact } from '../support/verdict.ts';

const ROOMS = 3;
const PATIENCE = { timeout: 60_000, interval: 50 };
const TIMEOUT = { timeout: 180_000 };

interface Room {
  debate: DebateState;
  match_id: string;
  assignment_id: string;
  session_id: string;
}

let stack: Stack;
let secrets: string;
let tournament: Tournament;
let board: Board | undefined;
let rooms: Room[] = [];
let sent = 0;

beforeAll(async () => {
  if (isLeftOut) return;
  secrets = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
  stack = await startStack({ ...feedSettings(secrets), FEED_RESULTS_BACK: 'true' });
  const starts_at = new Date(Date.now() + 3 * 3_600_000).toISOString();
  tournament = await openTournament(stack.url, secrets, { rounds: 1, rooms: ROOMS, starts_at });
}, 120_000);
afterAll(async () => {
  board?.listener.close();
  await tournament?.end();
  await stack?.stop();
  if (secrets) rmSync(secrets, { recursive: true, force: true });
});

/** One API after the other. */
const api = () => stack.apis[sent++ % stack.apis.length]!;
const read = (path: string) => must(get(api(), path, tournament.people.admin));
const act = async (path: string, body: Json, who: Person) => (await must(post(api(), path, who, body))).result as Json;
const ask = async (verb: string, body: Json = {}) => {
  await forgetPace(stack, tournament.feed_id);
  return must(tournament.ask(verb, body));
};
async function syncUntil(isShown: () => void): Promise<void> {
  await vi.waitFor(async () => {
    await ask('sync');
    await vi.waitFor(isShown, { timeout: 5_000, interval: 50 });
  }, PATIENCE);
}

async function hold(debate: DebateState, { id: assignment_id }: Json): Promise<Room> {
  const { institution_id, admin } = tournament.people;
  const { panel } = await read(`/api/assignment/${assignment_id}`);
  const { user_id: id, name } = panel.find(({ presiding }: Json) => presiding);
  const presiding = person('judge', { institution_id, id, name });
  const { id: session_id } = await act('/api/session/create', { assignment_id }, admin);
  await act(`/api/session/${session_id}/start`, {}, presiding);
  await act(`/api/session/${session_id}/complete`, { skip_turns: true }, presiding);
  return { debate, match_id: tournament.matchOf(debate), assignment_id, session_id };
}

/** One sheet of the whole panel, in the ids of that site. */
function sheetsOf({ debate }: Room, petitioner: number, respondent: number): Json {
  const teamOf = (side: 'petitioner' | 'respondent', score: number) => {
    const { team } = debate.teams.find((one) => one.side === (side === 'petitioner' ? 'aff' : 'neg'))!;
    const { speakers } = tournament.site.state.teams.find(({ id }) => id === team)!;
    const win = (side === 'petitioner') === petitioner > respondent;
    return { side, win, speeches: speakers.map(({ id }) => ({ speaker: String(id), score })) };
  };
  const teams = [teamOf('petitioner', petitioner), teamOf('respondent', respondent)];
  return { sheets: [{ adjudicator: null, teams }], confirm: true };
}

const hand = (match_id: string, body: Json, key: string) =>
  post(api(), `/api/match/${match_id}/result`, tournament.people.admin, body, { 'idempotency-key': key });

async function settled({ match_id }: Room, result_id: string): Promise<Json> {
  const told = () => read(`/api/match/${match_id}/result`);
  await forgetPace(stack, tournament.feed_id);
  await expect.poll(told, PATIENCE).toMatchObject({ id: result_id, state: expect.not.stringMatching('waiting') });
  return told();
}

const posts = () => tournament.site.requests.filter(({ method }) => method === 'POST').length;
const WON = { phase: 'finished', score: { petitioner: 152, respondent: 150, winner: 'petitioner' } };

describe.skipIf(isLeftOut)(`results of a round, ${kind}`, () => {
  test('wait for those who hand them in, when its rooms are completed', TIMEOUT, async () => {
    const { create } = await ask('import', { round: 1 });
    expect(create).toHaveLength(ROOMS);
    const made = new Map((await tournament.assignments()).map((one) => [one.id, one]));
    const { debates } = tournament.site.round(1);
    const assignmentOf = ({ id }: DebateState) =>
      made.get(create.find(({ debate }: Json) => debate === String(id)).assignment_id)!;
    rooms = await Promise.all(debates.map((debate) => hold(debate, assignmentOf(debate))));
    await ask('sync');
    board = await openBoard(stack.relays[0]!, tournament.board, TRANSPORTS[0]);
    for (const { assignment_id, match_id } of rooms) {
      await board.follow(match_id, [0, 1]);
      await board.follow(assignment_id);
      await board.shows(assignment_id, { phase: 'scoring', awaits_result: true });
    }
  });

  test(
    'are handed in for the match that a room was made of, and that site has each of them once',
    TIMEOUT,
    async () => {
      for (const room of rooms) {
        const body = sheetsOf(room, 76, 75);
        const { status, body: refusal } = await hand(room.assignment_id, body, `room-${room.match_id}`);
        expect([status, refusal.code, refusal.match_id]).toEqual([409, 'no_results_back', room.match_id]);
        const answer = await hand(refusal.match_id, body, `first-${room.match_id}`);
        const { result } = await must(Promise.resolve(answer));
        const again = await hand(refusal.match_id, body, `first-${room.match_id}`);
        expect((await must(Promise.resolve(again))).result.id).toBe(result.id);
        expect(await settled(room, result.id)).toMatchObject({
          ...{ state: 'posted', ballot_id: String(room.debate.ballots[0]!.id), hash: result.hash },
        });
        expect(room.debate.ballots).toHaveLength(1);
      }
      expect(posts()).toBe(ROOMS);
      await syncUntil(() => {
        for (const { match_id } of rooms) expect(board!.stateOf(match_id)).toMatchObject(WON);
      });
      for (const { assignment_id } of rooms)
        await board!.shows(assignment_id, { phase: 'finished', awaits_result: false });
    },
  );

  test('one that its tab room takes back goes from boards, and is handed in anew', TIMEOUT, async () => {
    const [room] = rooms as [Room];
    const { debate, match_id, assignment_id } = room;
    debate.result_status = 'D';
    debate.ballots[0]!.confirmed = false;
    await syncUntil(() => expect(board!.stateOf(match_id)).toMatchObject({ phase: 'scoring', score: null }));
    await board!.shows(assignment_id, { phase: 'scoring', awaits_result: true });
    const { items } = await read(`/api/match/${match_id}/events`);
    expect(items.at(-1)).toMatchObject({ kind: 'result_withdrawn' });
    const { result } = await must(hand(match_id, sheetsOf(room, 70, 74), `second-${match_id}`));
    expect(await settled(room, result.id)).toMatchObject({ state: 'posted' });
    expect(debate.ballots.map(({ confirmed }) => confirmed)).toEqual([false, true]);
    const lost = { phase: 'finished', score: { petitioner: 140, respondent: 148, winner: 'respondent' } };
    await syncUntil(() => expect(board!.stateOf(match_id)).toMatchObject(lost));
    await board!.shows(assignment_id, { phase: 'finished', awaits_result: false });
  });

  test('and the record verifies, with what was handed in and what came of it', TIMEOUT, async () => {
    for (const { session_id } of rooms) await expectIntact(api(), session_id, tournament.people.admin);
    const eventsOf = async (match_id: string): Promise<string[]> => {
      const text = 'select event_type from events where stream = $1 order by sequence';
      return (await stack.pool.query(text, [`match:${match_id}`])).rows.map(({ event_type }) => event_type);
    };
    const one = ['PROCEDURAL_MATCH_RESULT_HANDED', 'PROCEDURAL_MATCH_RESULT_POSTED'];
    const [first, ...others] = rooms as [Room, ...Room[]];
    await expect.poll(() => eventsOf(first.match_id), PATIENCE).toEqual([...one, ...one]);
    for (const { match_id } of others) expect(await eventsOf(match_id)).toEqual(one);
    const commands = await checkHistory(stack.database, []);
    const handed = commands.filter(({ name }) => name === 'match.result').map(({ status }) => status);
    expect(handed.toSorted()).toEqual([...Array(ROOMS + 1).fill('applied'), ...Array(ROOMS).fill('rejected')]);
    const { rows } = await stack.pool.query('select sheets from match_results');
    expect(rows).toEqual(Array(ROOMS + 1).fill({ sheets: null }));
  });
});
