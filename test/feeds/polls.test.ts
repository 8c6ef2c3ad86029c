import { expect, test } from 'vitest';
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
