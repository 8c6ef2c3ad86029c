import { describe, expect, test } from 'vitest';
import type { MatchEvent, ShownState } from '../../../src/feeds/matches/match.ts';
import {
  type KnownState,
  type MatchRow,
  type MatchUpdate,
  nextState,
  withShownAnew,
} from '../../../src/feeds/matches/nextState.ts';

const AT = '2026-11-21T10:00:00.000Z';
const ID = '018f3c1e-7b2a-7c11-9d0e-0000000a0000';
const FEED = '018f3c1e-7b2a-7c11-9d0e-0000000f0000';

const row: MatchRow = {
  ...{ id: ID, institution_id: ID, visibility: 'institution', provider: 'tabbycat', feed_id: FEED, provider_id: '7' },
  ...{ round: 1, pair: 'ab', assignment_id: null, session_id: null, published: true },
};
const shown = (more: Partial<ShownState> = {}): ShownState => ({
  ...{ phase: 'scheduled', score: null, title: 'A v. B', courtroom: 'Hall B', scheduled_at: AT },
  ...{ petitioner: 'A', respondent: 'B' },
  ...{ speaker: null, behind_minutes: 0, awaits_result: false, ...more },
});
const won = { petitioner: 80, respondent: 75, winner: 'petitioner' } as const;
const update = (more: Partial<MatchUpdate> = {}): MatchUpdate => ({ row, state: shown(), source: 10, ...more });

/** What stands after these updates. */
function stateAfter(...updates: MatchUpdate[]): KnownState {
  let current: KnownState | undefined;
  const known = new Set<string>();
  for (const one of updates) {
    const next = nextState(current, one, AT);
    for (const { provider_event_id } of next?.events ?? []) known.add(provider_event_id);
    if (next) current = { ...next, known };
  }
  return current!;
}

test('the first state of a match is its first version, and tells of everything', () => {
  const next = nextState(undefined, update(), AT)!;
  expect(next).toMatchObject({ version: 1, seq: 0, events: [] });
  expect(next.changes).toEqual([
    { match_id: ID, tier: 0, version: 1, seq: 0, changed: shown(), state: shown(), events: [] },
  ]);
});

test('what says nothing new comes to nothing (P2-2)', () => {
  expect(nextState(stateAfter(update()), update({ source: 11 }), AT)).toBeUndefined();
});

test('a change tells of the fields that changed, and of an event that follows from it', () => {
  const next = nextState(stateAfter(update()), update({ state: shown({ phase: 'live' }), source: 11 }), AT)!;
  expect(next).toMatchObject({ version: 2, seq: 1 });
  expect(next.changes.map(({ tier, changed, events }) => ({ tier, changed, events: events.length }))).toEqual([
    { tier: 0, changed: { phase: 'live' }, events: 0 },
    { tier: 1, changed: {}, events: 1 },
  ]);
  expect(next.events).toMatchObject([{ seq: 1, kind: 'phase', details: { from: 'scheduled', to: 'live' } }]);
});

test('derived events say how sure they are, from 30 to 95 per cent', () => {
  const confidences = (['live', 'scoring', 'finished', 'postponed'] as const).map(
    (phase) =>
      nextState(stateAfter(update()), update({ state: shown({ phase }), source: 11 }), AT)!.events[0]!.confidence,
  );
  expect(confidences).toEqual([30, 70, 90, 80]);
  const internal = { ...row, provider: 'internal', feed_id: null, provider_id: null };
  const room = update({ row: internal });
  const next = nextState(stateAfter(room), { ...room, state: shown({ phase: 'live' }), source: 11 }, AT)!;
  expect(next.events[0]!.confidence).toBe(95);
});

test('an event that a provider tells again is not stored again', () => {
  const said = { provider: 'tabbycat', provider_event_id: 'b1', kind: 'ballot', at: AT, details: {}, confidence: 100 };
  const events = [said];
  const known = stateAfter(update({ events }));
  expect(known.seq).toBe(1);
  expect(nextState(known, update({ events, source: 11 }), AT)).toBeUndefined();
});

test('what a provider says takes the place of what would be derived, and of what was', () => {
  const said = { provider: 'tabbycat', provider_event_id: 'p1', kind: 'phase', at: AT, details: {}, confidence: 100 };
  const next = nextState(
    stateAfter(update()),
    update({ state: shown({ phase: 'live' }), events: [said], source: 11 }),
    AT,
  )!;
  expect(next.events.map(({ provider_event_id }) => provider_event_id)).toEqual(['p1']);
  expect(next.supersedes).toEqual(['phase']);
});

test('a provider that goes back in time changes nothing', () => {
  const known = stateAfter(update(), update({ state: shown({ phase: 'finished', score: won }), source: 12 }));
  expect(nextState(known, update({ state: shown({ phase: 'live' }), source: 11 }), AT)).toBeUndefined();
});

test('statistics are told on their own tier', () => {
  const next = nextState(stateAfter(update()), update({ stats: { rank: 1 }, source: 11 }), AT)!;
  expect(next.changes.map(({ tier, state }) => ({ tier, state }))).toEqual([{ tier: 2, state: { rank: 1 } }]);
  const known = stateAfter(update(), update({ stats: { rank: 1 }, source: 11 }));
  expect(nextState(known, update({ source: 12 }), AT)).toBeUndefined();
});

test('a score that agreeing sources have corrected stays corrected until its own source says something else', () => {
  const wrong = { ...won, winner: 'respondent' } as const;
  const said = stateAfter(update(), update({ state: shown({ phase: 'finished', score: wrong }), source: 11 }));
  const corrected: KnownState = { ...said, state: { ...said.state, score: won } };
  const again = update({ state: shown({ phase: 'finished', score: wrong }), source: 12 });
  expect(nextState(corrected, again, AT)).toBeUndefined();
  const other = { ...wrong, petitioner: 70 };
  const next = nextState(corrected, update({ state: shown({ phase: 'finished', score: other }), source: 12 }), AT)!;
  expect(next.state.score).toEqual(other);
});

describe('a result', () => {
  const finished = (score: ShownState['score'], source: number) =>
    update({ state: shown({ phase: 'finished', score }), stats: { rank: source }, source });
  const scoring = update({ state: shown({ phase: 'scoring' }), source: 20 });

  test('that is another one takes the place of what was said before', () => {
    const said = stateAfter(update(), finished(won, 11));
    const next = nextState(said, finished({ ...won, petitioner: 81 }, 12), AT)!;
    expect(next).toMatchObject({ supersedes: ['result'], takesBack: false });
    expect(nextState(stateAfter(update()), finished(won, 11), AT)!.supersedes).toEqual([]);
  });

  test('that is taken back is told as that, and nothing that counted it stays', () => {
    const next = nextState(stateAfter(update(), finished(won, 11)), scoring, AT)!;
    expect(next).toMatchObject({ supersedes: ['result'], takesBack: true, stats: null, claim: null });
    expect(next.events.map(({ kind, details }) => [kind, details])).toEqual([
      ['phase', { from: 'finished', to: 'scoring' }],
      ['result_withdrawn', {}],
    ]);
    expect(next.changes.map(({ tier, changed }) => [tier, changed])).toEqual([
      [0, { phase: 'scoring', score: null }],
      [1, {}],
      [2, {}],
    ]);
  });

  test('that is taken back with its draw is told by nothing but that', () => {
    const gone = { ...scoring, row: { ...row, published: false } };
    const next = nextState(stateAfter(update(), finished(won, 11)), gone, AT)!;
    expect(next).toMatchObject({ takesBack: true, events: [], changes: [{ changed: { withdrawn: true } }] });
    expect(withShownAnew(next, [{ seq: 1 } as MatchEvent])).toEqual(next.changes);
  });
});

describe('what was read beside the state, while another poll stored a newer one,', () => {
  const said = { provider: 'tabbycat', provider_event_id: 'b1', kind: 'ballot', at: AT, details: {}, confidence: 100 };
  const beside = { match_id: row.id, events: [said], stats: { rank: 1 } };

  test('brings back no draw that was taken back, and nothing is told', () => {
    const taken = stateAfter(update(), update({ row: { ...row, published: false }, source: 11 }));
    expect(nextState(taken, beside, AT)).toMatchObject({ row: { published: false }, changes: [] });
  });

  test('leaves phase and score as they are, and the poll that is under way its turn', () => {
    const finished = stateAfter(update(), update({ state: shown({ phase: 'finished', score: won }), source: 11 }));
    const next = nextState(finished, beside, AT)!;
    expect(next).toMatchObject({ state: { phase: 'finished', score: won }, claim: won, source: 11 });
    expect(next.changes.map(({ tier }) => tier)).toEqual([1, 2]);
  });

  test('makes no match', () => {
    expect(nextState(undefined, beside, AT)).toBeUndefined();
  });
});

test('a site that says something else at each poll is heard two thousand times', () => {
  const events = Array.from({ length: 2_010 }, (_, i) => ({
    ...{ provider: 'tabbycat', provider_event_id: `b${i}`, kind: 'ballot', at: AT, details: {}, confidence: 100 },
  }));
  const known = stateAfter(update({ events }));
  expect(known.seq).toBe(2_000);
  const more = [{ ...events[0]!, provider_event_id: 'new' }];
  expect(nextState(known, update({ events: more, source: 11 }), AT)).toBeUndefined();
});

test('no event has the name of a speaker: it stays when the name is erased', () => {
  const speaker = { name: 'Ada Petrova', side: 'petitioner', kind: 'argument', deadline: null } as const;
  const next = nextState(stateAfter(update()), update({ state: shown({ speaker }), source: 11 }), AT)!;
  expect(next.events).toMatchObject([{ kind: 'speaker', details: { side: 'petitioner', kind: 'argument' } }]);
  expect(JSON.stringify(next.events)).not.toContain('Petrova');
});

describe('a draw', () => {
  const withdrawn = update({ row: { ...row, published: false }, source: 11 });

  test('that is not released makes no match', () => {
    expect(nextState(undefined, update({ row: { ...row, published: false } }), AT)).toBeUndefined();
  });

  test('that is taken back is withdrawn once, and says nothing more of the match', () => {
    const next = nextState(stateAfter(update()), withdrawn, AT)!;
    expect(next.changes).toMatchObject([{ tier: 0, changed: { withdrawn: true }, state: { withdrawn: true } }]);
    expect(JSON.stringify(next.changes)).not.toContain('A v. B');
    const moved = { ...withdrawn, state: shown({ courtroom: 'Hall C' }), source: 12 };
    expect(nextState(stateAfter(update(), withdrawn), moved, AT)!.changes).toEqual([]);
  });

  test('that is released again shows all of it', () => {
    const next = nextState(stateAfter(update(), withdrawn), update({ source: 12 }), AT)!;
    expect(next.changes).toMatchObject([{ tier: 0, version: 3, changed: shown(), state: shown() }]);
  });
});
