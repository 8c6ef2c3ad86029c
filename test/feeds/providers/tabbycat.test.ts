/** A tournament of Tabbycat in our words: what is read of it, what is never shown, and what goes wrong with it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OutboundError } from '../../../src/core/definitions/outbound.ts';
import type { Site } from '../../../src/feeds/providers/provider.ts';
import { tabbycat } from '../../../src/feeds/providers/tabbycat/tabbycat.ts';
import { useOutbounds, wayTo } from '../../support/outbound.ts';
import { startTabbycat, type TestTabbycat } from '../../support/tabbycat.ts';
import { PRIVATE_MARKS } from '../../support/tabbycatRows.ts';

let tab: TestTabbycat;
beforeEach(async () => {
  tab = await startTabbycat({ rooms: 4, rounds: 3 });
});
afterEach(() => tab.stop());

const siteOf = (changed: Partial<Site> = {}): Site => ({
  ...{ feed_id: 'a-feed', base_url: tab.url, tournament: tab.slug, mapping: null },
  outbound: useOutbounds().open(wayTo(tab)),
  ...changed,
});
const roundOf = async (seq = 1, site = siteOf()) => (await tabbycat.fetchSchedule(site, seq)).rounds[0]!;
const boardOf = (site = siteOf(), known?: Parameters<typeof tabbycat.fetchScoreboard>[2]) =>
  tabbycat.fetchScoreboard(site, 1, known);
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    ({ code }: OutboundError) => code,
  );
const pathsOf = (part: string) => tab.requests.filter(({ path }) => path.includes(part)).map(({ path }) => path);

describe('a schedule', () => {
  test('has teams with speakers and sides, the panel with its chair, the room and the time', async () => {
    const round = await roundOf();
    expect(round).toMatchObject({
      seq: 1,
      name: 'Round 1',
      draw_status: 'R',
      silent: false,
      starts_at: '2027-03-01T09:00:00.000Z',
    });
    expect(round.debates).toHaveLength(4);
    expect(round.debates[0]).toEqual({
      id: String(tab.round(1).debates[0]!.id),
      title: null,
      teams: [
        {
          side: 'petitioner',
          id: '101',
          name: 'Team 1',
          speakers: [
            { id: '5001', name: 'Speaker 1' },
            { id: '5002', name: 'Speaker 2' },
          ],
        },
        {
          side: 'respondent',
          id: '102',
          name: 'Team 2',
          speakers: [
            { id: '5003', name: 'Speaker 3' },
            { id: '5004', name: 'Speaker 4' },
          ],
        },
      ],
      panel: [
        { id: '3001', name: 'Judge 1', place: 'chair' },
        { id: '3002', name: 'Judge 2', place: 'panellist' },
      ],
      venue: { id: '7001', name: 'Courtroom 1' },
      sides_confirmed: true,
      result: 'none',
      starts_at: '2027-03-01T09:00:00.000Z',
    });
  });

  test('of all rounds has debates where the draw is confirmed or released, and of others the round alone', async () => {
    tab.setDraw(2, 'C');
    tab.setDraw(3, 'D');
    const { rounds } = await tabbycat.fetchSchedule(siteOf());
    expect(rounds.map(({ draw_status, debates }) => [draw_status, debates.length])).toEqual([
      ['R', 4],
      ['C', 4],
      ['D', 0],
    ]);
    expect(pathsOf('/rounds/3/')).toEqual([]);
  });

  test('takes eight requests for a round of any size, all with a limit where they are lists, and none for one person', async () => {
    await roundOf();
    const root = `/api/v1/tournaments/${tab.slug}`;
    expect(tab.requests.map(({ path }) => path)).toEqual([
      ...['/api', root, `${root}/preferences`, `${root}/rounds/1`],
      ...['/rounds/1/pairings', '/teams', '/adjudicators', '/venues'].map((path) => `${root}${path}?limit=200`),
    ]);
  });

  test('is put together from pages', async () => {
    const whole = await tabbycat.fetchSchedule(siteOf());
    tab.page_size = 3;
    expect(await tabbycat.fetchSchedule(siteOf())).toEqual(whole);
  });

  test('that has not changed says so', async () => {
    const site = siteOf();
    expect((await tabbycat.fetchSchedule(site)).unchanged).toBe(false);
    expect((await tabbycat.fetchSchedule(site)).unchanged).toBe(true);
    tab.round(1).debates[0]!.venue = 7_002;
    expect((await tabbycat.fetchSchedule(site)).unchanged).toBe(false);
  });

  test('of a round that is not there is none, and of a tournament that is not there a fault', async () => {
    expect((await tabbycat.fetchSchedule(siteOf(), 9)).rounds).toEqual([]);
    expect(await codeOf(tabbycat.fetchSchedule(siteOf({ tournament: 'autumn' })))).toBe('not_there');
  });

  test.each(['../../users', 'a/b', '..', '', 'a?b', '%2e%2e'])(
    'is not asked for where the tournament is called %j',
    async (tournament) => {
      expect(await codeOf(tabbycat.fetchSchedule(siteOf({ tournament })))).toBe('refused_url');
      expect(pathsOf('v1')).toEqual([]);
    },
  );

  test('says what is not as it should be: a bye, four teams, no room, no chair, sides not confirmed', async () => {
    const [bye, four, bare] = tab.round(1).debates;
    bye!.teams = [{ team: 101, side: 'bye' }];
    four!.teams = (['og', 'oo', 'cg', 'co'] as const).map((side, i) => ({ team: 103 + i, side }));
    Object.assign(bare!, { venue: null, chair: null, panellists: [], sides_confirmed: false });
    const { debates } = await roundOf();
    expect(debates[0]!.teams.map(({ side }) => side)).toEqual(['bye']);
    expect(debates[1]!.teams.map(({ side }) => side)).toEqual(['other', 'other', 'other', 'other']);
    expect(debates[2]).toMatchObject({ venue: null, panel: [], sides_confirmed: false });
  });

  test('shows code names where that site does, and nothing of people who are to be anonymous', async () => {
    tab.state.teams[0]!.speakers[0]!.anonymous = true;
    expect((await roundOf()).debates[0]!.teams[0]).toMatchObject({
      name: 'Team 1',
      speakers: [{ name: null }, { name: 'Speaker 2' }],
    });
    Object.assign(tab.state.preferences, { team_code_names: 'everywhere', participant_code_names: 'everywhere' });
    const [debate] = (await roundOf()).debates;
    expect(debate!.teams[0]).toMatchObject({ name: 'T101', speakers: [{ name: 'S5001' }, { name: 'S5002' }] });
    expect(debate!.panel[0]).toMatchObject({ name: 'J3001' });
  });

  test('has of people nothing but ids and names, on whatever page of it (P2-4)', async () => {
    tab.decide(tab.round(1).debates[0]!, 'aff');
    tab.state.preferences.team_tab_released = true;
    const site = siteOf();
    const told = JSON.stringify([
      await tabbycat.fetchSchedule(site),
      await boardOf(site),
      await tabbycat.fetchStats(site),
    ]);
    for (const mark of PRIVATE_MARKS) expect(told).not.toContain(mark);
  });

  test('has a team in two debates as that site has it: nothing is guessed', async () => {
    tab.round(1).debates[1]!.teams[0]!.team = 101;
    const { debates } = await roundOf();
    expect(debates.filter(({ teams }) => teams.some(({ id }) => id === '101'))).toHaveLength(2);
  });

  test('has a debate once that two pages name', async () => {
    tab.round(1).debates.push(structuredClone(tab.round(1).debates[0]!));
    expect((await roundOf()).debates).toHaveLength(4);
  });

  test('has other ids and the same teams after the draw was made anew', async () => {
    const before = (await roundOf()).debates;
    tab.regenerate(1);
    const after = (await roundOf()).debates;
    expect(after.map(({ teams }) => teams)).toEqual(before.map(({ teams }) => teams));
    expect(after.some(({ id }) => before.some((one) => one.id === id))).toBe(false);
  });

  test.each([
    ['2027-03-01T10:00:00', '2027-03-01T09:00:00.000Z'],
    ['2027-07-01T10:00:00', '2027-07-01T08:00:00.000Z'],
    ['2027-03-28T02:30:00', null],
    ['2027-10-31T02:30:00', null],
    ['10:00:00', null],
    [null, null],
  ])('takes the time %s in Berlin for %s', async (starts_at, expected) => {
    tab.round(1).starts_at = starts_at;
    expect((await roundOf()).starts_at).toBe(expected);
  });

  test('has no time where neither the time nor that site has a zone', async () => {
    tab.state.timezone = 'Nowhere/Atlantis';
    tab.round(1).starts_at = '2027-03-01T10:00:00';
    expect(await roundOf()).toMatchObject({ starts_at: null, debates: [{ starts_at: null }, {}, {}, {}] });
  });

  test('has lines that read as they are written', async () => {
    tab.state.teams[0]!.short_name = ' Team\u202e\n  One\u0000 ';
    tab.state.venues[0]!.display_name = 'x'.repeat(500);
    const [debate] = (await roundOf()).debates;
    expect(debate!.teams[0]!.name).toBe('Team One');
    expect(debate!.venue!.name).toHaveLength(200);
  });

  test.each([
    ['view_settings', 'not_permitted'],
    ['view_teams', 'not_permitted'],
    ['view_adjudicators', 'not_permitted'],
    ['view_debate', 'not_permitted'],
  ] as const)('is not read with a token that lacks %s', async (permission, code) => {
    tab.permissions.delete(permission);
    expect(await codeOf(roundOf())).toBe(code);
  });

  test.each([
    '[{"id": "x"}]',
    '{}',
    'null',
    '[]x',
    '[{"id":1,"teams":[{"team":"https://a/speakers/1","side":"aff"}]}]',
  ])('is not read where pairings are %s', async (text) => {
    const outbound = siteOf().outbound;
    const list = (path: string, reading: (text: string) => unknown[]) =>
      path.includes('pairings')
        ? Promise.resolve({ value: reading(text), unchanged: false })
        : outbound.list(path, reading);
    await expect(roundOf(1, siteOf({ outbound: { ...outbound, list: list as never } }))).rejects.toThrow();
  });

  test('follows no hyperlink: an id is the end of its path, wherever it leads', async () => {
    const { outbound } = siteOf();
    const asked: string[] = [];
    const list = async (path: string, reading: (text: string) => unknown[]) => {
      asked.push(path);
      return outbound.list(path, (text) => reading(text.replaceAll(tab.url, 'http://169.254.169.254')));
    };
    const round = await roundOf(1, siteOf({ outbound: { ...outbound, list: list as never } }));
    expect(round.debates[0]!.teams[0]!.name).toBe('Team 1');
    expect(asked).toHaveLength(4);
  });
});

describe('a scoreboard', () => {
  test('is the phases of the debates by their results', async () => {
    const [none, postponed, draft, confirmed] = tab.round(1).debates;
    postponed!.result_status = 'P';
    tab.decide(draft!, 'neg', { draft: true });
    tab.decide(confirmed!, 'aff');
    const { debates } = await boardOf();
    expect(debates).toEqual([
      { id: String(none!.id), phase: 'scheduled', score: null },
      { id: String(postponed!.id), phase: 'postponed', score: null },
      { id: String(draft!.id), phase: 'scoring', score: null },
      {
        id: String(confirmed!.id),
        phase: 'finished',
        score: { petitioner: 228.5, respondent: 226, winner: 'petitioner' },
      },
    ]);
    expect(pathsOf('/ballots')).toHaveLength(1);
  });

  test('asks for no ballot whose score is known, and for each that is not', async () => {
    const [one, other] = tab.round(1).debates;
    tab.decide(one!, 'aff');
    tab.decide(other!, 'neg');
    const known = new Map([[String(one!.id), { petitioner: 1, respondent: 2, winner: 'respondent' as const }]]);
    const { debates } = await boardOf(siteOf(), known);
    expect(debates[0]!.score).toEqual({ petitioner: 1, respondent: 2, winner: 'respondent' });
    expect(debates[1]!.score).toMatchObject({ winner: 'respondent' });
    expect(pathsOf('/ballots')).toEqual([expect.stringContaining(`/pairings/${other!.id}/ballots?confirmed=true`)]);
  });

  test('takes the confirmed ballot of several, and of its sheets the mean and the majority', async () => {
    const [debate] = tab.round(1).debates;
    tab.decide(debate!, 'neg');
    tab.decide(debate!, 'aff', { sheets: 3 });
    const { sheets } = debate!.ballots[1]!.result;
    sheets[2]!.teams = sheets[2]!.teams.map(({ side }) => ({ side, win: side === 'neg', score: 220.25 }));
    expect((await boardOf()).debates[0]!.score).toEqual({
      petitioner: 225.75,
      respondent: 224.08,
      winner: 'petitioner',
    });
  });

  test('has no score of a ballot that is not confirmed, was discarded, or may not be seen', async () => {
    const [debate] = tab.round(1).debates;
    tab.decide(debate!, 'aff').discarded = true;
    expect((await boardOf()).debates[0]).toMatchObject({ phase: 'finished', score: null });
    tab.permissions.delete('view_ballotsubmissions');
    expect((await boardOf()).debates[0]).toMatchObject({ phase: 'finished', score: null });
  });

  test('has no scores of a silent round until that site releases all results, and asks for none', async () => {
    tab.round(1).silent = true;
    tab.decide(tab.round(1).debates[0]!, 'aff');
    expect((await boardOf()).debates[0]!.score).toBeNull();
    expect(pathsOf('/ballots')).toEqual([]);
    tab.state.preferences.all_results_released = true;
    expect((await boardOf()).debates[0]!.score).not.toBeNull();
  });

  test.each(['N', 'D', 'C'] as const)(
    'of a draw that is %s has no debates, also where it was released before',
    async (status) => {
      const site = siteOf();
      expect((await boardOf(site)).debates).toHaveLength(4);
      tab.setDraw(1, status);
      expect(await boardOf(site)).toEqual({ round: 1, draw_status: status, debates: [], unchanged: false });
    },
  );

  test('takes three requests, and where nothing has changed says so', async () => {
    const site = siteOf();
    await boardOf(site);
    expect(tab.requests).toHaveLength(3);
    expect((await boardOf(site)).unchanged).toBe(true);
    expect(tab.requests.slice(3).map(({ status }) => status)).toEqual([304, 304, 304]);
  });

  test('asks for twenty ballots at a time', async () => {
    const large = await startTabbycat({ rooms: 25, rounds: 1 });
    try {
      for (const debate of large.round(1).debates) large.decide(debate, 'aff');
      const site = siteOf({ base_url: large.url, outbound: useOutbounds().open(wayTo(large)) });
      const first = (await boardOf(site)).debates.filter(({ score }) => score !== null);
      expect(first).toHaveLength(20);
      const known = new Map(first.map(({ id, score }) => [id, score!]));
      const all = (await boardOf(site, known)).debates;
      expect(all.every(({ score }) => score !== null)).toBe(true);
      // One that was corrected is found where those that are known are asked for again; those beyond the twenty stand.
      large.decide(large.round(1).debates[0]!, 'neg');
      const again = await tabbycat.fetchScoreboard(site, 1, new Map(all.map(({ id, score }) => [id, score!])), true);
      expect(again.debates.map(({ score }) => score?.winner)).toEqual(['respondent', ...Array(24).fill('petitioner')]);
    } finally {
      await large.stop();
    }
  });

  test('goes back in time where that site does', async () => {
    const site = siteOf();
    const before = tab.snapshot();
    tab.decide(tab.round(1).debates[0]!, 'aff');
    expect((await boardOf(site)).debates[0]!.phase).toBe('finished');
    tab.restore(before);
    expect((await boardOf(site)).debates[0]).toMatchObject({ phase: 'scheduled', score: null });
  });
});

describe('availabilities', () => {
  const asked = (round = 1) => tabbycat.fetchAvailabilities!(siteOf(), round);

  test('are those whom that site has for a round, by one request, and of other kinds none', async () => {
    tab.round(2).available = ['teams/101', 'teams/103', 'adjudicators/3001', 'venues/7002', 'speakers/5001'];
    expect(await asked(2)).toEqual({ teams: ['101', '103'], adjudicators: ['3001'], venues: ['7002'] });
    expect(await asked(1)).toEqual({ teams: [], adjudicators: [], venues: [] });
    const path = `/api/v1/tournaments/${tab.slug}/rounds/2/availabilities?adjudicators=true&teams=true&venues=true`;
    expect(pathsOf('/rounds/2')).toEqual([path]);
  });

  test('are nobody’s without the right to see them, and of a round that is not there a fault', async () => {
    expect(await codeOf(asked(9))).toBe('not_there');
    tab.permissions.delete('view_roundavailability');
    expect(await codeOf(asked())).toBe('not_permitted');
  });

  test('are asked for by nothing else', async () => {
    const site = siteOf();
    await tabbycat.fetchSchedule(site);
    await boardOf(site);
    await tabbycat.fetchStats(site);
    expect(pathsOf('availabilities')).toEqual([]);
    expect(pathsOf('checkin')).toEqual([]);
  });
});

describe('standings', () => {
  test('are nobody’s before that site shows them, and are not asked for', async () => {
    expect((await tabbycat.fetchStats(siteOf())).teams).toEqual([]);
    expect(pathsOf('/standings')).toEqual([]);
  });

  test('are those of the teams tab, as far as it goes', async () => {
    Object.assign(tab.state.preferences, { team_tab_released: true, team_tab_limit: 2 });
    expect((await tabbycat.fetchStats(siteOf())).teams).toEqual([
      { id: '101', name: 'Team 1', rank: 1, points: 8 },
      { id: '102', name: 'Team 2', rank: 2, points: 7 },
    ]);
  });
});
