import { expect, test } from 'vitest';
import { tiersOf } from '../../jobs/feeds/paces.ts';
import { hottest, type Poll, planPolls, pollId, type Target } from '../../jobs/feeds/polls.ts';
import { PHASES } from '../../src/feeds/matches/match.ts';

const target = (more: Partial<Target> = {}): Target => ({
  ...{ feed_id: 'f', round: 1, phases: ['live'], tiers: [0, 1, 2] },
  ...{ subscriptions: 1, health: 10_000, quota_used: 0, ...more },
});
/** The polls of so many seconds. */
function pollsOf(seconds: number, targetAt: (tick: number) => Target[]): Poll[] {
  const due = new Map<string, number>();
  return Array.from({ length: seconds }, (_, tick) => planPolls(targetAt(tick), due, tick, 1_000)).flat();
}
const countOf = (polls: Poll[], tier: number) => polls.filter((poll) => poll.tier === tier).length;

test('a round is asked about at once, and then in its interval, the scoreboard more often than what is counted', () => {
  const polls = pollsOf(600, () => [target()]);
  expect(polls.slice(0, 3).map(({ tick, tier }) => ({ tick, tier }))).toEqual(
    [0, 1, 2].map((tier) => ({ tick: 0, tier })),
  );
  expect(countOf(polls, 0)).toBeGreaterThan(countOf(polls, 1));
  expect(countOf(polls, 1)).toBeGreaterThan(countOf(polls, 2));
});

test('only what is under way is asked about more than its scoreboard', () => {
  for (const phase of PHASES) {
    const tiers = new Set(pollsOf(1, () => [target({ phases: [phase] })]).map(({ tier }) => tier));
    expect({ phase, tiers: tiers.size }).toEqual({
      phase,
      tiers: ['live', 'break', 'suspended', 'scoring'].includes(phase) ? 3 : 1,
    });
  }
});

test('a round whose first match begins is asked about sooner than was planned while it was quiet', () => {
  const polls = pollsOf(60, (tick) => [
    target({ phases: ['scheduled', tick < 20 ? 'scheduled' : 'live'], tiers: [0] }),
  ]);
  expect(polls[0]!.tick).toBe(0);
  expect(polls[1]!.tick).toBeLessThan(30);
});

test('a round that is gone and comes back is asked about at once', () => {
  const polls = pollsOf(12, (tick) => (tick === 5 ? [] : [target({ phases: ['scheduled'] })]));
  expect(polls.map(({ tick }) => tick)).toEqual([0, 6]);
});

test('of a feed with many rounds a few are asked about at a time, and none is forgotten over the others', () => {
  const rounds = Array.from({ length: 12 }, (_, i) => target({ round: i + 1, tiers: [0] }));
  const polls = pollsOf(60, () => [...rounds, target({ feed_id: 'other', tiers: [0] })]);
  const own = polls.filter(({ feed_id }) => feed_id === 'f');
  for (let tick = 0; tick < 60; tick += 1) expect(own.filter((poll) => poll.tick === tick).length).toBeLessThan(5);
  expect(polls.filter(({ tick }) => tick === 0).map(({ feed_id }) => feed_id)).toContain('other');
  expect(new Set(own.filter(({ tick }) => tick < 4).map(({ round }) => round)).size).toBe(12);
  const counts = rounds.map(({ round }) => own.filter((poll) => poll.round === round).length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(4);
});

test('the match that asks for most haste decides', () => {
  expect(hottest(['finished', 'scheduled', 'live'])).toBe('live');
  expect(hottest(['finished', 'pre_match'])).toBe('pre_match');
  expect(hottest(['finished'])).toBe('finished');
});

test('a leader that asks twice in the same second asks for one job, by an id that BullMQ takes', () => {
  const idsIn = (term: number) => pollsOf(30, () => [target()]).map((poll) => pollId({ ...poll, term }));
  const one = idsIn(1);
  expect(idsIn(1)).toEqual(one);
  expect(new Set(one).size).toBe(one.length);
  expect(one.join()).not.toContain(':');
  // The job of the leader before is dropped: it must not stand for that of the next.
  expect(idsIn(2).filter((id) => one.includes(id))).toEqual([]);
});

test('a site is asked about what its provider has, and a mapping about what it leads to', () => {
  const mapping = { path: '/a.json', matches: '', id: '/id', petitioner: { name: '/p' }, respondent: { name: '/r' } };
  const events = { items: '/e', id: '/id', match: '/match', type: '/type' };
  const standings = { items: '/s', id: '/id', name: '/name' };
  const tiersBy = (provider: string, more: object | null) =>
    tiersOf({ provider, mapping: more && { ...mapping, ...more } });
  expect(tiersBy('tabbycat', null)).toEqual([0, 2]);
  expect(tiersBy('generic_json', {})).toEqual([0]);
  expect(tiersBy('generic_json', { events })).toEqual([0, 1]);
  expect(tiersBy('generic_json', { standings })).toEqual([0, 2]);
  expect(tiersBy('generic_json', { events, standings })).toEqual([0, 1, 2]);
});
