import { describe, expect, test } from 'vitest';
import type { Score, ShownState } from '../../../src/feeds/matches/match.ts';
import type { KnownState } from '../../../src/feeds/matches/nextState.ts';
import { verifiedState } from '../../../src/feeds/matches/verifiedState.ts';
import { type Claim, verdictOf } from '../../../src/feeds/matches/verify.ts';

const AT = '2026-11-21T10:00:00.000Z';
const won: Score = { petitioner: 80, respondent: 75, winner: 'petitioner' };
const lost: Score = { petitioner: 70, respondent: 75, winner: 'respondent' };
const drawn: Score = { petitioner: 75, respondent: 75, winner: null };
const TEAMS = { petitioner: 'Oslo', respondent: 'Lima' };
const claim = (match_id: string, score: Score | null, teams: Claim['teams'] = TEAMS): Claim => ({
  ...{ match_id, visibility: 'institution', teams, score },
});

describe('a verdict', () => {
  test('of one source alone is none, and says nothing against it', () => {
    expect(verdictOf(claim('a', won), [])).toEqual({ agreed: null, disputes: [] });
    expect(verdictOf(claim('a', won), [claim('b', null)])).toEqual({ agreed: null, disputes: [] });
    expect(verdictOf(claim('a', null), [claim('b', won)])).toEqual({ agreed: null, disputes: [] });
  });

  test('of two that say the same is that', () => {
    expect(verdictOf(claim('a', won), [claim('b', { ...won })])).toEqual({ agreed: won, disputes: [] });
  });

  test('of two that differ is a dispute, the same from either side', () => {
    const dispute = { match_ids: ['a', 'b'], scores: [won, lost] };
    expect(verdictOf(claim('a', won), [claim('b', lost)])).toEqual({ agreed: null, disputes: [dispute] });
    expect(verdictOf(claim('b', lost), [claim('a', won)])).toEqual({ agreed: null, disputes: [dispute] });
  });

  test('of three goes by the two that agree, and remembers that the third did not', () => {
    const { agreed, disputes } = verdictOf(claim('c', lost), [claim('a', won), claim('b', won)]);
    expect(agreed).toEqual(won);
    expect(disputes.map(({ match_ids }) => match_ids)).toEqual([
      ['a', 'c'],
      ['b', 'c'],
    ]);
  });

  test('of three that all differ, and of four that agree two and two, is none', () => {
    expect(verdictOf(claim('a', won), [claim('b', lost), claim('c', drawn)]).agreed).toBeNull();
    const pairs = [claim('b', won), claim('c', lost), claim('d', lost)];
    expect(verdictOf(claim('a', won), pairs).agreed).toBeNull();
  });

  test('of a match that many see is by none that fewer see, and of a private one by all', () => {
    const [own, hidden, shown] = [
      claim('c', lost),
      ...(['private', 'public'] as const).map((visibility, i) => ({ ...claim('ab'[i]!, won), visibility })),
    ] as [Claim, Claim, Claim];
    const { agreed, disputes } = verdictOf(own, [hidden, shown]);
    expect(agreed).toBeNull();
    expect(disputes).toHaveLength(2);
    expect(verdictOf(own, [shown, { ...shown, match_id: 'd' }]).agreed).toEqual(won);
    expect(verdictOf({ ...own, visibility: 'private' }, [hidden, shown]).agreed).toEqual(won);
  });

  test('is by the sides of the match, where another site has drawn them the other way round', () => {
    const turned = { petitioner: 'LIMA', respondent: 'oslo' };
    const other: Score = { petitioner: 75, respondent: 80, winner: 'respondent' };
    expect(verdictOf(claim('a', won), [claim('b', other, turned)])).toEqual({ agreed: won, disputes: [] });
    expect(verdictOf(claim('b', other, turned), [claim('a', won)])).toEqual({ agreed: other, disputes: [] });
    const { disputes } = verdictOf(claim('a', won), [claim('b', won, turned)]);
    expect(disputes).toEqual([{ match_ids: ['a', 'b'], scores: [won, won] }]);
  });
});

describe('a match that stands', () => {
  const state: ShownState = {
    ...{ phase: 'finished', score: lost, title: 'Oslo v. Lima', courtroom: null, scheduled_at: AT, ...TEAMS },
    ...{ speaker: null, behind_minutes: 0, awaits_result: false },
  };
  const known = (more: Partial<KnownState> = {}): Omit<KnownState, 'known'> => ({
    row: {
      ...{ id: 'm', institution_id: 'i', visibility: 'institution', provider: 'tabbycat', feed_id: 'f' },
      ...{ provider_id: '7', round: 1, pair: 'ab', assignment_id: null, session_id: null, published: true },
    },
    ...{ version: 4, seq: 2, state, stats: null, claim: lost, source: 10, ...more },
  });
  const derived = (score: Score) => ({ confidence: 60, details: { ...score } });
  const sure = (score: Score) => ({ confidence: 90, details: { ...score } });

  test('is corrected at ninety per cent, in its next version, and keeps what its own source said', () => {
    const next = verifiedState(known(), won, derived(lost), AT)!;
    expect(next).toMatchObject({ version: 5, seq: 3, claim: lost, source: 10, supersedes: ['result'] });
    expect(next.state).toEqual({ ...state, score: won });
    expect(next.events).toMatchObject([{ seq: 3, provider: 'verifier', kind: 'result', details: won, confidence: 90 }]);
    expect(next.changes.map(({ tier, changed }) => ({ tier, changed }))).toEqual([
      { tier: 0, changed: { score: won } },
      { tier: 1, changed: {} },
    ]);
  });

  test('that is as the sources agree is only said to be surer, once', () => {
    const next = verifiedState(known(), lost, derived(lost), AT)!;
    expect(next.changes.map(({ tier }) => tier)).toEqual([1]);
    expect(next.events).toMatchObject([{ confidence: 90, details: lost }]);
    expect(verifiedState(known(), lost, sure(lost), AT)).toBeUndefined();
  });

  test('is what its own source says again, where those that corrected it agree no more', () => {
    const corrected = known({ state: { ...state, score: won } });
    expect(verifiedState(corrected, won, sure(won), AT)).toBeUndefined();
    const next = verifiedState(corrected, null, sure(won), AT)!;
    expect(next.state.score).toEqual(lost);
    expect(next.events).toMatchObject([{ confidence: 60, details: lost }]);
  });

  test('that two agreed on is said less sure, once, where one is left that says so', () => {
    const next = verifiedState(known(), null, sure(lost), AT)!;
    expect(next.changes.map(({ tier }) => tier)).toEqual([1]);
    expect(next.events).toMatchObject([{ confidence: 60, details: lost }]);
    expect(verifiedState(known(), null, derived(lost), AT)).toBeUndefined();
  });

  test('without a result of its own source waits for one, and one alone stays as it is', () => {
    const open = known({ claim: null, state: { ...state, phase: 'live', score: null } });
    expect(verifiedState(open, won, null, AT)).toBeUndefined();
    expect(verifiedState(known(), null, derived(lost), AT)).toBeUndefined();
  });
});
