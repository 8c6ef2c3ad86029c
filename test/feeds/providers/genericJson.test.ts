/** Any site's matches by a mapping of pointers: what is made of them, and what is wrong with a mapping, said when it is saved. */
import { describe, expect, test } from 'vitest';
import { checkMapping, genericJson } from '../../../src/feeds/providers/genericJson/genericJson.ts';
import { valueAt } from '../../../src/feeds/providers/jsonPointer.ts';
import type { Site } from '../../../src/feeds/providers/provider.ts';

const people = (side: string) => ({ items: `/${side}/people`, id: '/id', name: '/name' });
const MAPPING = {
  ...{ path: '/schedule.json', matches: '/matches', id: '/id', round: '/round', released: '/published' },
  ...{ title: '/title', courtroom: '/room/name', scheduled_at: '/starts', time_zone: 'Europe/Berlin' },
  petitioner: { id: '/home/id', name: '/home/name', speakers: people('home') },
  respondent: { id: '/away/id', name: '/away/name', speakers: people('away') },
  panel: { items: '/judges', chair: '/presides', id: '/id', name: '/name' },
  ...{ phase: '/status', phases: { FT: 'finished', '1H': 'live' } },
  score: { petitioner: '/home/points', respondent: '/away/points', winner: '/winner' },
  events: { items: '/events', id: '/id', match: '/match', type: '/kind', at: '/at', text: '/text' },
  standings: { items: '/table', id: '/team', name: '/name', points: '/points' },
};
const team = (id: number) => ({
  id,
  name: `Team ${id}`,
  points: 228.456,
  people: [{ id: `p${id}`, name: `Person ${id}`, email: 'a@b' }],
});
const match = (id: number, changed: object = {}) => ({
  ...{ id, round: 1, published: true, title: 'A v. B', room: { name: 'Courtroom 1' }, starts: '2027-03-01T10:00' },
  ...{
    home: team(2 * id),
    away: team(2 * id + 1),
    judges: [
      { id: 'j1', name: 'Judge 1' },
      { id: 'j2', name: 'Judge 2', presides: true },
    ],
  },
  ...{ status: 'FT', winner: 'petitioner', secret: 'keep this out', ...changed },
});
const SAMPLE = {
  matches: [match(1), match(2, { round: 2, published: false }), match(3, { status: '1H' })],
  events: [
    { id: 5, match: 1, kind: 'Half Time!', at: '2027-03-01T10:30:00Z', text: 'A\u202eB' },
    { id: 6, match: 2, kind: 'started' },
  ],
  table: [{ team: 2, name: 'Team 2', points: 3 }],
};

const faultsOf = (mapping: unknown, sample: unknown = SAMPLE) => {
  const checked = checkMapping(mapping, sample);
  return 'faults' in checked ? checked.faults.map(({ pointer, detail }) => `${pointer} ${detail}`) : [];
};
function siteOf(document: unknown, mapping: unknown = MAPPING): Site {
  const get = async (_: string, reading: (text: string) => unknown) => ({
    value: reading(JSON.stringify(document)),
    unchanged: false,
  });
  return { mapping, outbound: { get } } as never;
}

describe('a mapping', () => {
  test('that fits its sample is kept with what it is capable of', () => {
    const checked = checkMapping(MAPPING, SAMPLE);
    expect(checked).toMatchObject({
      mapping: { path: '/schedule.json' },
      capabilities: ['schedule', 'scoreboard', 'events', 'stats'],
    });
    expect(faultsOf(MAPPING)).toEqual([]);
    const { phase: _, score: __, events: ___, standings: ____, ...least } = MAPPING;
    expect(checkMapping(least, SAMPLE)).toMatchObject({ capabilities: ['schedule'] });
  });

  test('with a field that is missing, unknown or no pointer is refused', () => {
    const { id: _, ...without } = MAPPING;
    expect(faultsOf(without)[0]).toMatch(/^\/mapping\/id /);
    expect(faultsOf({ ...MAPPING, matches: 'matches' })[0]).toMatch(/^\/mapping\/matches must be a JSON Pointer/);
    expect(faultsOf({ ...MAPPING, referee: '/x' })[0]).toMatch(/^\/mapping/);
    expect(faultsOf({ ...MAPPING, path: 'https://elsewhere.example/' })[0]).toMatch(/^\/mapping\/path/);
    expect(faultsOf({ ...MAPPING, phases: { FT: 'over' } })[0]).toMatch(/^\/mapping\/phases/);
    expect(faultsOf(null)[0]).toMatch(/^\/mapping/);
  });

  test('that leads to nothing in its sample is refused by the place, without the value', () => {
    expect(faultsOf({ ...MAPPING, matches: '/games' })).toEqual(['/mapping/sample/games is no list']);
    expect(faultsOf({ ...MAPPING, id: '/room' })[0]).toBe(
      '/mapping/sample/matches/0/room is no id: a text or a number',
    );
    expect(faultsOf({ ...MAPPING, round: '/title' })[0]).toBe(
      '/mapping/sample/matches/0/title is no number of a round, from 1 to 999',
    );
    expect(faultsOf({ ...MAPPING, phases: {} })[0]).toBe(
      '/mapping/sample/matches/0/status is a phase that `phases` does not name',
    );
    expect(faultsOf({ ...MAPPING, time_zone: undefined })[0]).toBe(
      '/mapping/sample/matches/0/starts is no time with a zone',
    );
    expect(faultsOf({ ...MAPPING, petitioner: { name: '/nobody' } })[0]).toBe(
      '/mapping/sample/matches/0/nobody names no team',
    );
    expect(faultsOf(MAPPING, { ...SAMPLE, matches: [] })).toEqual(['/mapping/sample/matches holds no match']);
    expect(faultsOf(MAPPING, { ...SAMPLE, matches: [match(1), match(1)] })).toEqual([
      '/mapping/sample/matches names a match twice',
    ]);
    expect(faultsOf(MAPPING, 'a text')).toContain('/mapping/sample/matches is no list');
  });

  test('says fifty faults at most, and refuses more matches than a round has', () => {
    const many = Array.from({ length: 2_001 }, (_, i) => match(i, { id: null }));
    expect(faultsOf(MAPPING, { ...SAMPLE, matches: many })).toHaveLength(50);
  });
});

describe('a site by its mapping', () => {
  test('has rounds in their order, and one that may not be shown is confirmed alone', async () => {
    const { rounds } = await genericJson.fetchSchedule(siteOf(SAMPLE));
    expect(rounds.map(({ seq, draw_status, debates }) => [seq, draw_status, debates.length])).toEqual([
      [1, 'R', 2],
      [2, 'C', 1],
    ]);
    expect(rounds[0]!.debates[0]).toMatchObject({
      ...{ id: '1', title: 'A v. B', venue: { name: 'Courtroom 1' }, starts_at: '2027-03-01T09:00:00.000Z' },
      teams: [
        { side: 'petitioner', id: '2', name: 'Team 2', speakers: [{ id: 'p2', name: 'Person 2' }] },
        { side: 'respondent', id: '3', name: 'Team 3', speakers: [{ id: 'p3', name: 'Person 3' }] },
      ],
      panel: [
        { id: 'judge j1', place: 'panellist' },
        { id: 'judge j2', place: 'chair' },
      ],
    });
    expect(JSON.stringify(rounds)).not.toMatch(/a@b|keep this out/);
    expect((await genericJson.fetchSchedule(siteOf(SAMPLE), 2)).rounds).toHaveLength(1);
  });

  test('has judges and speakers who are two people where they bear one number, however long', async () => {
    const numbers = ['7', 'x'.repeat(200), `${'x'.repeat(199)}y`];
    const judges = numbers.map((id) => ({ id, name: `Judge ${id}` }));
    const people = numbers.map((id) => ({ id, name: `Person ${id}` }));
    const drawn = match(1, { judges, home: { ...team(2), people } });
    const { rounds } = await genericJson.fetchSchedule(siteOf({ matches: [drawn] }));
    const { panel, teams } = rounds[0]!.debates[0]!;
    const ids = [...panel, ...teams[0]!.speakers].map(({ id }) => id);
    expect(new Set(ids).size).toBe(6);
    expect(ids.every((id) => id.length <= 200)).toBe(true);
  });

  test('has in the chair who is said to preside, whatever cannot be read before, and else nobody', async () => {
    const judges = [{ presides: false }, { id: 'j1', name: 'Judge 1' }, { id: 'j2', name: 'Judge 2', presides: true }];
    const panelOf = async (list: unknown[]) => {
      const { rounds } = await genericJson.fetchSchedule(siteOf({ matches: [match(1, { judges: list })] }));
      return rounds[0]!.debates[0]!.panel.map(({ id, place }) => [id, place]);
    };
    expect(await panelOf(judges)).toEqual([
      ['judge j1', 'panellist'],
      ['judge j2', 'chair'],
    ]);
    expect(await panelOf(judges.slice(0, 2))).toEqual([['judge j1', 'panellist']]);
  });

  test('has confirmed the results of what is over, and of nothing else', async () => {
    const { rounds } = await genericJson.fetchSchedule(siteOf(SAMPLE), 1);
    expect(rounds[0]!.debates.map(({ id, result }) => [id, result])).toEqual([
      ['1', 'confirmed'],
      ['3', 'none'],
    ]);
  });

  test('has phases and scores of what may be shown', async () => {
    expect(await genericJson.fetchScoreboard(siteOf(SAMPLE), 1)).toEqual({
      ...{ round: 1, draw_status: 'R', unchanged: false },
      debates: [
        { id: '1', phase: 'finished', score: { petitioner: 228.46, respondent: 228.46, winner: 'petitioner' } },
        { id: '3', phase: 'live', score: { petitioner: 228.46, respondent: 228.46, winner: 'petitioner' } },
      ],
    });
    expect((await genericJson.fetchScoreboard(siteOf(SAMPLE), 2)).debates).toEqual([]);
    expect(await genericJson.fetchScoreboard(siteOf(SAMPLE), 9)).toMatchObject({ draw_status: 'N', debates: [] });
  });

  test('has events of what may be shown, and standings', async () => {
    expect(await genericJson.fetchEvents(siteOf(SAMPLE), 1)).toEqual([
      { id: '5', debate: '1', type: 'half_time', at: '2027-03-01T10:30:00.000Z', text: 'A B' },
    ]);
    expect(await genericJson.fetchEvents(siteOf(SAMPLE), 2)).toEqual([]);
    expect((await genericJson.fetchStats(siteOf(SAMPLE))).teams).toEqual([
      { id: '2', name: 'Team 2', rank: 1, points: 3 },
    ]);
  });

  test('leaves out one match that is not as it should be, and fails where all are so', async () => {
    const [round] = (await genericJson.fetchSchedule(siteOf({ ...SAMPLE, matches: [match(1), { id: 2 }, match(3)] })))
      .rounds;
    expect(round!.debates.map(({ id }) => id)).toEqual(['1', '3']);
    await expect(genericJson.fetchSchedule(siteOf({}))).rejects.toMatchObject({ code: 'unreadable' });
    await expect(genericJson.fetchSchedule(siteOf(SAMPLE, { path: 1 }))).rejects.toMatchObject({ code: 'unreadable' });
  });

  test('may have people as a list of names, and teams without a name', async () => {
    const mapping = {
      path: '/x',
      matches: '',
      id: '/n',
      petitioner: { name: '/p', speakers: { items: '/ps' } },
      respondent: { name: '/r' },
    };
    const [round] = (await genericJson.fetchSchedule(siteOf([{ n: 1, ps: ['Ada', 'Grace', 7], r: 'Team R' }], mapping)))
      .rounds;
    expect(round!.debates[0]!.teams).toMatchObject([
      {
        name: 'Ada, Grace',
        speakers: [
          { id: 'ada', name: 'Ada' },
          { id: 'grace', name: 'Grace' },
        ],
      },
      { id: 'team r', name: 'Team R' },
    ]);
  });
});

test('a pointer leads to own members and elements alone', () => {
  const document = { 'a/b': { 'm~n': [10, 20] }, '': 1 };
  expect(valueAt(document, '/a~1b/m~0n/1')).toBe(20);
  expect(valueAt(document, '/')).toBe(1);
  expect(valueAt(document, '')).toBe(document);
  for (const pointer of [
    '/__proto__',
    '/constructor/name',
    '/a~1b/m~0n/length',
    '/a~1b/m~0n/01',
    '/a~1b/m~0n/-',
    '/a~1b/m~0n/5',
  ])
    expect(valueAt(document, pointer)).toBeUndefined();
});
