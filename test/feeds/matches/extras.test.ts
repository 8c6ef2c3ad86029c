import { expect, test } from 'vitest';
import { updatesOfEvents, updatesOfStandings } from '../../../src/feeds/matches/extras.ts';
import type { KnownMatch } from '../../../src/feeds/matches/feedUpdates.ts';

const NOW = '2026-11-21T10:00:00.000Z';
const known = (provider_id: string, petitioner: string, respondent: string) =>
  ({
    row: { id: `match ${provider_id}`, provider: 'generic_json', provider_id },
    state: { petitioner, respondent },
  }) as KnownMatch;
const round = [known('1', 'Oslo', 'Lima'), known('2', 'Turin', 'Kyiv')];

test('events go to the match of their debate, in the words of their site and at their time, or now', () => {
  const said = (id: string, debate: string, at: string | null) => ({ id, debate, at, type: 'started', text: 'Begun' });
  const updates = updatesOfEvents(
    round,
    [said('a', '1', null), said('b', '9', NOW), said('c', '1', '2026-11-21T09:00:00.000Z')],
    NOW,
  );
  const event = { provider: 'generic_json', kind: 'started', details: { text: 'Begun' }, confidence: 100 };
  expect(updates).toEqual([
    {
      match_id: 'match 1',
      events: [
        { ...event, provider_event_id: 'a', at: NOW },
        { ...event, provider_event_id: 'c', at: '2026-11-21T09:00:00.000Z' },
      ],
    },
  ]);
});

test('of a match the last two hundred events are taken at once', () => {
  const events = Array.from({ length: 250 }, (_, n) => ({
    id: `${n}`,
    debate: '1',
    type: 'said',
    at: NOW,
    text: null,
  }));
  const [update] = updatesOfEvents(round, events, NOW);
  expect(update!.events!.map(({ provider_event_id }) => provider_event_id)).toEqual(
    Array.from({ length: 200 }, (_, n) => `${n + 50}`),
  );
});

test('standings go to the matches of their teams; a match of whose teams nothing is said has none', () => {
  const teams = [
    { id: '7', name: 'Lima', rank: 3, points: 11 },
    { id: '8', name: null, rank: 1, points: 20 },
  ];
  expect(updatesOfStandings(round, { teams, unchanged: false })).toEqual([
    { match_id: 'match 1', stats: { petitioner: null, respondent: { rank: 3, points: 11 } } },
  ]);
});
