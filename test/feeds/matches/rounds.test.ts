import { describe, expect, test } from 'vitest';
import { VISIBILITIES, type Visibility } from '../../../src/access/scope.ts';
import { type KnownMatch, type RoundRead, updatesOfRound } from '../../../src/feeds/matches/feedUpdates.ts';
import { matchIdOf } from '../../../src/feeds/matches/matchId.ts';
import { pairOf } from '../../../src/feeds/matches/pair.ts';
import { phaseOfDebate } from '../../../src/feeds/matches/phases.ts';
import type { Debate, Round, Scoreboard } from '../../../src/feeds/providers/provider.ts';

const AT = '2026-11-21T10:00:00.000Z';
const now_ms = Date.parse(AT) - 3_600_000;
const feed = {
  id: '018f3c1e-7b2a-7c11-9d0e-0000000f0000',
  institution_id: '018f3c1e-7b2a-7c11-9d0e-0000000000a0',
  ...{ provider: 'tabbycat', visibility: 'institution' as const, created_at: '2026-01-01T00:00:00.000Z' },
};

const debate = (id: string, [one, other]: [string, string], more: Partial<Debate> = {}): Debate => ({
  ...{ id, title: null, panel: [], venue: { id: 'v', name: 'Hall B' }, sides_confirmed: true },
  teams: [
    { side: 'petitioner', id: one, name: one, speakers: [] },
    { side: 'respondent', id: other, name: other, speakers: [] },
  ],
  ...{ result: 'none', starts_at: AT, ...more },
});
const round = (debates: Debate[], more: Partial<Round> = {}): Round => ({
  ...{ seq: 1, name: 'Round 1', draw_status: 'R', silent: false, starts_at: null, debates, ...more },
});
const read = (given: Round | undefined, more: Partial<RoundRead> = {}): RoundRead => ({
  ...{
    feed,
    round: given,
    scoreboard: undefined,
    known: [],
    places: 100,
    imported: new Map(),
    tick: 5,
    now_ms,
    ...more,
  },
});
const knownAfter = (one: RoundRead): KnownMatch[] =>
  updatesOfRound(one).updates.map(({ row, state }) => ({ row, state }));
const ASSIGNMENT = '018f3c1e-7b2a-7c11-9d0e-0000000a0000';
const importedAs = (visibility: Visibility) =>
  read(round([debate('1', ['Oslo', 'Lima'])]), {
    imported: new Map([['1', { assignment_id: ASSIGNMENT, visibility }]]),
  });
const won = { petitioner: 80, respondent: 75, winner: 'petitioner' } as const;

test('a debate of a released draw is a match, named by its teams, in the room and at the time that it is set for', () => {
  const { updates, ...counts } = updatesOfRound(read(round([debate('1', ['Oslo', 'Lima'])])));
  expect(counts).toEqual({ unresolved: 0, conflicts: 0, beyond: 0 });
  expect(updates).toMatchObject([
    {
      row: { id: matchIdOf(feed.id, '1'), provider_id: '1', round: 1, published: true },
      state: { phase: 'scheduled', title: 'Oslo v. Lima', courtroom: 'Hall B', scheduled_at: AT, score: null },
      source: 5,
    },
  ]);
});

test.each(['N', 'D', 'C'] as const)('a draw that is at %s is not published', (draw_status) => {
  const { updates } = updatesOfRound(read(round([debate('1', ['Oslo', 'Lima'])], { draw_status })));
  expect(updates.map(({ row }) => row.published)).toEqual([false]);
});

test('a debate that was imported is linked with its assignment', () => {
  const { row } = updatesOfRound(importedAs('institution')).updates[0]!;
  expect(row).toMatchObject({ assignment_id: ASSIGNMENT, visibility: 'institution' });
});

test('a debate that was imported for fewer people than its feed is for is a match for those alone', () => {
  const visibilityOf = (one: Visibility) => updatesOfRound(importedAs(one)).updates[0]!.row.visibility;
  expect(VISIBILITIES.map(visibilityOf)).toEqual(['private', 'institution', 'institution']);
});

test('a match that was kept no longer is not made again, and a feed that is new has its old ones', () => {
  const days = (ago: number) => new Date(now_ms - ago * 24 * 3_600_000).toISOString();
  const made = (match_ago: number, feed_ago: number, known: KnownMatch[] = []) => {
    const old = { feed: { ...feed, created_at: days(feed_ago) }, known };
    const { updates } = updatesOfRound(
      read(round([debate('1', ['Oslo', 'Lima'], { starts_at: days(match_ago) })]), old),
    );
    return updates.map(({ row }) => row.published);
  };
  expect(made(91, 91)).toEqual([]);
  expect(made(91, 89)).toEqual([true]);
  expect(made(89, 91)).toEqual([true]);
  expect(made(91, 91, knownAfter(read(round([debate('1', ['Oslo', 'Lima'])]))))).toEqual([true]);
});

test('a bye, sides that are not settled and teams without names are left, and counted', () => {
  const bye = debate('1', ['Oslo', 'Lima']);
  bye.teams[1]!.side = 'bye';
  const anonymous = debate('3', ['Rome', 'Cairo']);
  anonymous.teams[0]!.name = null;
  const four = debate('4', ['Paris', 'Quito']);
  four.teams.push({ side: 'other', id: 'x', name: 'x', speakers: [] });
  const debates = [bye, debate('2', ['Bonn', 'Kyiv'], { sides_confirmed: false }), anonymous, four];
  expect(updatesOfRound(read(round(debates)))).toEqual({ updates: [], unresolved: 4, conflicts: 0, beyond: 0 });
});

test('a team that debates twice in a round is a conflict, and its second debate no match', () => {
  const debates = [debate('1', ['Oslo', 'Lima']), debate('2', ['Oslo', 'Rome'])];
  const { updates, conflicts } = updatesOfRound(read(round(debates)));
  expect(updates.map(({ row }) => row.provider_id)).toEqual(['1']);
  expect(conflicts).toBe(1);
});

test('as many are made as there are places, and those that are known go on', () => {
  const known = knownAfter(read(round([debate('1', ['Oslo', 'Lima'])])));
  const debates = [debate('2', ['Rome', 'Cairo']), debate('3', ['Bonn', 'Kyiv']), debate('1', ['Oslo', 'Lima'])];
  const { updates, beyond } = updatesOfRound(read(round(debates), { known, places: 1 }));
  expect(updates.map(({ row }) => row.provider_id)).toEqual(['2', '1']);
  expect(beyond).toBe(1);
});

describe('a draw that was made again', () => {
  const known = knownAfter(read(round([debate('1', ['Oslo', 'Lima']), debate('2', ['Rome', 'Cairo'])])));

  test('with new ids and the same teams leaves each match what it was, whatever the sides', () => {
    const debates = [debate('11', ['Lima', 'Oslo']), debate('12', ['Rome', 'Cairo'])];
    const { updates } = updatesOfRound(read(round(debates), { known }));
    expect(updates.map(({ row: { id, provider_id } }) => ({ id, provider_id }))).toEqual([
      { id: matchIdOf(feed.id, '1'), provider_id: '11' },
      { id: matchIdOf(feed.id, '2'), provider_id: '12' },
    ]);
  });

  test('with other teams makes new matches, and withdraws those that are gone', () => {
    const debates = [debate('11', ['Oslo', 'Rome']), debate('12', ['Lima', 'Cairo'])];
    const { updates } = updatesOfRound(read(round(debates), { known }));
    expect(updates.map(({ row: { provider_id, published } }) => ({ provider_id, published }))).toEqual([
      ...[
        { provider_id: '11', published: true },
        { provider_id: '12', published: true },
      ],
      ...[
        { provider_id: '1', published: false },
        { provider_id: '2', published: false },
      ],
    ]);
  });

  test('where two of before could be the one of now maps nothing anew, and counts a conflict', () => {
    const twice = [...known, { ...known[0]!, row: { ...known[0]!.row, id: feed.id, provider_id: '9' } }];
    const { updates, conflicts } = updatesOfRound(read(round([debate('11', ['Oslo', 'Lima'])]), { known: twice }));
    expect(conflicts).toBe(1);
    expect(updates[0]!.row.id).toBe(matchIdOf(feed.id, '11'));
  });
});

describe('a result', () => {
  const scoreboard = (phase: Scoreboard['debates'][number]['phase'], draw_status: Round['draw_status'] = 'R') => ({
    ...{ round: 1, draw_status, unchanged: false },
    debates: [{ id: '1', phase, score: won }],
  });
  const of = (result: Debate['result'], more: Partial<Round> = {}) =>
    updatesOfRound(
      read(round([debate('1', ['Oslo', 'Lima'], { result })], more), { scoreboard: scoreboard('finished') }),
    ).updates[0]!.state;

  test('is shown once it is confirmed', () => expect(of('confirmed').score).toEqual(won));
  test('that is a draft is not shown', () => expect(of('draft').score).toBeNull());

  test('of a silent round is shown where the scoreboard has it, and by nothing else', () => {
    expect(of('confirmed', { silent: true }).score).toEqual(won);
    const known = knownAfter(read(round([debate('1', ['Oslo', 'Lima'])])));
    const shown = known.map(({ row, state }) => ({ row, state: { ...state, score: won } }));
    const draw = round([debate('1', ['Oslo', 'Lima'], { result: 'confirmed' })], { silent: true });
    expect(updatesOfRound(read(draw, { known: shown })).updates[0]!.state.score).toBeNull();
  });

  test('comes with the scoreboard alone, for matches that are known', () => {
    const known = knownAfter(read(round([debate('1', ['Oslo', 'Lima'])])));
    const { updates } = updatesOfRound(read(undefined, { known, scoreboard: scoreboard('finished') }));
    expect(updates).toMatchObject([{ state: { phase: 'finished', score: won, title: 'Oslo v. Lima' } }]);
    expect(updatesOfRound(read(undefined, { scoreboard: scoreboard('finished') }))).toMatchObject({ unresolved: 1 });
  });

  test('of a draw that was taken back goes with the match', () => {
    const known = knownAfter(read(round([debate('1', ['Oslo', 'Lima'])])));
    const { updates } = updatesOfRound(read(undefined, { known, scoreboard: scoreboard('finished', 'C') }));
    expect(updates).toMatchObject([{ row: { published: false }, state: { score: null } }]);
  });
});

test('a debate is about to begin a quarter of an hour before its time, and under way from then until there is a result', () => {
  const at = (minutes: number, more = {}) =>
    phaseOfDebate({ result: 'none', starts_at: AT, ...more }, Date.parse(AT) + minutes * 60_000);
  expect([-16, -15, 0, 500].map((minutes) => at(minutes))).toEqual(['scheduled', 'pre_match', 'live', 'live']);
  expect(at(90, { result: 'draft' })).toBe('scoring');
  expect(at(90, { result: 'confirmed' })).toBe('finished');
  expect(at(90, { result: 'postponed' })).toBe('postponed');
  expect(at(90, { starts_at: null })).toBe('scheduled');
});

test('two teams are a pair in any order and however they are written, and nobody is a pair with oneself', () => {
  expect(pairOf(['Oslo A', 'Lima'])).toBe(pairOf(['LIMA', 'oslo-a']));
  expect(pairOf(['Oslo A', 'Lima'])).not.toBe(pairOf(['Oslo B', 'Lima']));
  expect(pairOf(['Oslo', 'oslo'])).toBeNull();
  expect(pairOf(['Oslo', '  '])).toBeNull();
});
