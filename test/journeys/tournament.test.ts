/**
 * A tournament of four rounds in sixteen rooms, from its Tabbycat to the last seal: the schedule is read, the first round
 * is brought in and held, a judge who falls ill is replaced there and so here, and boards follow all of it while a leader
 * dies. What is confirmed there is shown, what that site keeps to itself is not, and the record verifies. The leader that
 * dies is one in the database alone; test/faults/feeds.test.ts kills processes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Board, openBoard, TRANSPORTS } from '../support/boards.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, type Json, must, type Person, person, post } from '../support/client.ts';
import { loseLeader, untilLedAfter } from '../support/leases.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { PRIVATE_MARKS } from '../support/tabbycatRows.ts';
import type { DebateState } from '../support/tabbycatState.ts';
import { feedSettings, forgetPace, openTournament, type Tournament } from '../support/tournament.ts';
import { expectIntact } from '../support/verdict.ts';

const [ROUNDS, ROOMS] = [4, 16];
/** Two teams of two, and two judges. */
const PEOPLE = 6 * ROOMS;
/** Held from the first speech to the last. */
const WHOLE = 3;
/** Of our own rooms so many are followed beside the matches of the site: a board has 25 places. */
const FOLLOWED_ROOMS = 4;
/** Of the silent round. */
const DECIDED = 4;
const PATIENCE = { timeout: 60_000, interval: 50 };
const TIMEOUT = { timeout: 180_000 };

let stack: Stack;
let secrets: string;
let tournament: Tournament;
let boards: Board[] = [];
let rooms: Room[] = [];
let sent = 0;

/** A debate of the first round, and what became of it here. */
interface Room {
  debate: DebateState;
  match_id: string;
  assignment_id: string;
  session_id: string;
  path: string;
  presiding: Person;
  petitioner: Person;
  respondent: Person;
}

beforeAll(async () => {
  if (isLeftOut) return;
  secrets = mkdtempSync(join(tmpdir(), 'plearoll-secrets-'));
  stack = await startStack(feedSettings(secrets));
  // So far ahead that no clock turns any of it into what is under way.
  const starts_at = new Date(Date.now() + 3 * 3_600_000).toISOString();
  tournament = await openTournament(stack.url, secrets, { rounds: ROUNDS, rooms: ROOMS, starts_at });
}, 120_000);
afterAll(async () => {
  for (const { listener } of boards) listener.close();
  await tournament?.end();
  await stack?.stop();
  if (secrets) rmSync(secrets, { recursive: true, force: true });
});

/** One API after the other. */
const api = () => stack.apis[sent++ % stack.apis.length]!;
const read = (path: string, who = tournament.people.admin) => must(get(api(), path, who));
const act = async (path: string, body: Json, who: Person) => (await must(post(api(), path, who, body))).result as Json;
/** What the site is asked for by an admin; no poll has spent the requests of the minute. */
async function ask(verb: string, body: Json = {}) {
  await forgetPace(stack, tournament.feed_id);
  return tournament.ask(verb, body);
}
/** What the requests of a minute did not reach beside a poll's is left to the next: the admin asks again. */
async function syncUntil(isShown: () => void): Promise<void> {
  await vi.waitFor(async () => {
    await must(ask('sync'));
    await vi.waitFor(isShown, { timeout: 5_000, interval: 50 });
  }, PATIENCE);
}
const listed = async (): Promise<Json[]> => (await read('/api/match/list?limit=200', tournament.board)).items;
const decide = ({ debate }: Pick<Room, 'debate'>) => tournament.site.decide(debate, 'aff');
const eachBoard = (look: (board: Board) => Promise<unknown>) => Promise.all(boards.map(look));
const WON = { phase: 'finished', score: { petitioner: 228.5, respondent: 226, winner: 'petitioner' } };

async function openRoom(debate: DebateState, assignment_id: string): Promise<Room> {
  const { institution_id, admin } = tournament.people;
  const { panel, petitioner, respondent } = await read(`/api/assignment/${assignment_id}`);
  const of = (role: string, { user_id: id, name }: Json) => person(role, { institution_id, id, name });
  const presiding = of('judge', chairOf(panel));
  const { id: session_id } = await act('/api/session/create', { assignment_id }, admin);
  const path = `/api/session/${session_id}`;
  await act(`${path}/start`, {}, presiding);
  return {
    ...{ debate, match_id: tournament.matchOf(debate), assignment_id, session_id, path, presiding },
    ...{ petitioner: of('participant', petitioner[0]), respondent: of('participant', respondent[0]) },
  };
}

const chairOf = (panel: Json[]): Json => panel.find(({ presiding }) => presiding)!;

/** Every turn of it, and a look at the boards while the first speaks. */
async function holdWhole({ path, presiding, petitioner, respondent }: Room, look: () => Promise<unknown>) {
  const turns: Json[] = (await read(`${path}/turns`)).items;
  const rebuttal = turns.find(({ kind }) => kind === 'rebuttal')!;
  await act(`${path}/turn/reserve_rebuttal`, { turn_id: rebuttal.id, reserved_ms: 120_000 }, presiding);
  for (const { id: turn_id, side } of turns) {
    const speaker_id = (side === 'petitioner' ? petitioner : respondent).id;
    await act(`${path}/turn/start`, { turn_id, speaker_id }, presiding);
    if (turn_id === turns[0]!.id) await look();
    await act(`${path}/turn/end`, { turn_id }, presiding);
  }
  await act(`${path}/complete`, {}, presiding);
}

describe.skipIf(isLeftOut)(`a tournament, ${kind}`, () => {
  test('its schedule is read, and its first round becomes sixteen matches, once', TIMEOUT, async () => {
    const synced = await must(ask('sync'));
    expect(synced).toMatchObject({ rounds: ROUNDS, debates: ROOMS, people: PEOPLE, change: [], left: [] });
    const planned = await must(ask('import', { round: 1, dry_run: true }));
    expect(planned).toMatchObject({ asks: [], create: { length: ROOMS }, left: [], conflicts: [] });
    expect(await tournament.assignments()).toEqual([]);
    const done = await must(ask('import', { round: 1, plan: planned.plan }));
    expect(done).toMatchObject({ create: { length: ROOMS }, change: [], cancel: [], left: [], conflicts: [] });
    const again = await must(ask('import', { round: 1 }));
    expect(again).toMatchObject({ create: [], change: [], cancel: [], left: [], conflicts: [] });
    expect(await tournament.assignments()).toHaveLength(ROOMS);
    await must(ask('sync'));
    // The round as its site has it, and the same in our own rooms, which are read soon after they are made.
    const sources = () => listed().then((items) => items.map(({ provider }) => provider).sort());
    await expect.poll(sources, PATIENCE).toEqual([...Array(ROOMS).fill('internal'), ...Array(ROOMS).fill('tabbycat')]);
    const made = new Map(done.create.map(({ debate, assignment_id }: Json) => [debate, assignment_id]));
    const linked = (await listed()).filter(({ provider }) => provider === 'tabbycat');
    expect(linked.map(({ assignment_id }) => assignment_id).sort()).toEqual([...made.values()].sort());
  });

  test('boards follow it on both transports', TIMEOUT, async () => {
    boards = await Promise.all(
      TRANSPORTS.map((on, i) => openBoard(stack.relays[i % stack.relays.length]!, tournament.board, on)),
    );
    const { debates } = tournament.site.round(1);
    const own = (await tournament.assignments()).filter(({ courtroom }) =>
      debates.slice(0, FOLLOWED_ROOMS).some((_, i) => courtroom === `Courtroom ${i + 1}`),
    );
    await eachBoard(async (board) => {
      for (const debate of debates) await board.follow(tournament.matchOf(debate), [0, 1]);
      for (const { id } of own) await board.follow(id);
    });
    const first = tournament.matchOf(debates[0]!);
    const drawn = { phase: 'scheduled', title: 'Team 1 v. Team 2', courtroom: 'Courtroom 1', score: null };
    await eachBoard((board) => board.shows(first, drawn));
  });

  test('its rooms are held, some to the end and the others shortly, and boards see who speaks', TIMEOUT, async () => {
    const byRoom = new Map((await tournament.assignments()).map(({ courtroom, id }) => [courtroom, id as string]));
    const { debates } = tournament.site.round(1);
    rooms = await Promise.all(debates.map((debate, i) => openRoom(debate, byRoom.get(`Courtroom ${i + 1}`)!)));
    const seeSpeaker = ({ assignment_id, petitioner: { name } }: Room) =>
      eachBoard((board) => board.shows(assignment_id, { phase: 'live', speaker: { side: 'petitioner', name } }));
    await Promise.all(rooms.slice(0, WHOLE).map((room) => holdWhole(room, () => seeSpeaker(room))));
    const short = rooms.slice(WHOLE + 1);
    await Promise.all(short.map(({ path, presiding }) => act(`${path}/complete`, { skip_turns: true }, presiding)));
    // Completed here, and not confirmed there.
    for (const { assignment_id } of rooms.slice(0, WHOLE)) {
      await eachBoard((board) => board.shows(assignment_id, { phase: 'scoring', awaits_result: true, speaker: null }));
    }
  });

  test('a judge who is replaced there is replaced here, in a session that is under way', TIMEOUT, async () => {
    const { site } = tournament;
    const room = rooms[WHOLE]!;
    site.state.adjudicators.push({ id: 9_999, name: 'Judge Late', code_name: 'L', anonymous: false });
    room.debate.chair = 9_999;
    const asked = await ask('import', { round: 1 });
    expect(asked).toMatchObject({ status: 409, body: { code: 'confirm_plan', asks: ['active_session'] } });
    const done = await must(ask('import', { round: 1, plan: asked.body.plan }));
    expect(done).toMatchObject({ create: [], cancel: [], left: [], conflicts: [] });
    expect(done.change).toMatchObject([{ debate: String(room.debate.id), changes: [{ field: 'panel' }] }]);
    const chair = chairOf((await read(`/api/assignment/${room.assignment_id}`)).panel);
    expect(chair).toMatchObject({ name: 'Judge Late' });
    const { institution_id } = tournament.people;
    const late = person('judge', { institution_id, id: chair.user_id });
    const refused = await post(api(), `${room.path}/complete`, room.presiding, {});
    expect(refused).toMatchObject({ status: 403, body: { code: 'not_on_panel' } });
    await act(`${room.path}/complete`, { skip_turns: true }, late);
    await eachBoard((board) => board.shows(room.assignment_id, { phase: 'scoring', awaits_result: true }));
    expect(await tournament.assignments()).toHaveLength(ROOMS);
  });

  test('a leader dies, and what is confirmed there meanwhile is shown by the next', TIMEOUT, async () => {
    await forgetPace(stack, tournament.feed_id);
    const term = await loseLeader(stack.pool);
    const [first] = rooms;
    decide(first!);
    await untilLedAfter(stack.pool, term);
    // Nobody asked for a sync: this is the first poll of the one who leads now.
    await eachBoard((board) => board.shows(first!.match_id, WON));
    await eachBoard((board) => board.shows(first!.assignment_id, { phase: 'finished', awaits_result: false }));
  });

  test('all that is confirmed is shown, and nothing of a silent round until all is released', TIMEOUT, async () => {
    const { site } = tournament;
    for (const room of rooms.slice(1)) decide(room);
    const silent = site.round(2);
    silent.silent = true;
    site.setDraw(2, 'R');
    const decided = silent.debates.slice(0, DECIDED);
    for (const debate of decided) site.decide(debate, 'neg');
    await syncUntil(() => {
      for (const { match_id } of rooms) for (const board of boards) expect(board.stateOf(match_id)).toMatchObject(WON);
    });
    const quiet = decided.map((debate) => tournament.matchOf(debate));
    for (const match_id of quiet) {
      const { state } = await read(`/api/match/${match_id}/state`, tournament.board);
      expect(state).toMatchObject({ phase: 'finished', score: null });
      const { items } = await read(`/api/match/${match_id}/events`, tournament.board);
      expect(items.filter(({ kind }: Json) => kind === 'result')).toEqual([]);
    }
    const [shown] = quiet;
    await eachBoard((board) => board.follow(shown!));
    await eachBoard((board) => board.shows(shown!, { phase: 'finished', score: null }));
    site.state.preferences.all_results_released = true;
    await syncUntil(() => {
      for (const board of boards) expect(board.stateOf(shown!)).toMatchObject({ score: { winner: 'respondent' } });
    });
  });

  test('boards show what stands, each change in its order, and nothing that was private there', TIMEOUT, async () => {
    const own = rooms.slice(0, FOLLOWED_ROOMS).map(({ assignment_id }) => assignment_id);
    const followed = [...rooms.map(({ match_id }) => match_id), ...own];
    for (const match_id of followed) {
      await vi.waitFor(async () => {
        const { state } = await read(`/api/match/${match_id}/state`, tournament.board);
        for (const board of boards) expect(board.stateOf(match_id)).toEqual(state);
      }, PATIENCE);
    }
    for (const board of boards) {
      expect(board.disorder()).toEqual([]);
      expect(board.listener.messages.filter(({ type }) => type === 'error')).toEqual([]);
      const told = JSON.stringify(board.listener.messages);
      expect([...PRIVATE_MARKS, tournament.site.token].filter((mark) => told.includes(mark))).toEqual([]);
    }
  });

  test('and the record verifies: every session, every stream, and what each command came to', TIMEOUT, async () => {
    for (const { session_id } of rooms) await expectIntact(api(), session_id, tournament.people.admin);
    const commands = await checkHistory(stack.database, []);
    const imported = commands.filter(({ name }) => name === 'assignment.create' || name === 'assignment.substitute');
    expect(imported).toHaveLength(ROOMS + 1);
    expect(imported.every(({ status }) => status === 'applied')).toBe(true);
  });
});
