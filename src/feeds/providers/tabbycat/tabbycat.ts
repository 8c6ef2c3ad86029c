/**
 * Tournaments that run on Tabbycat, by its REST interface (`/api/v1`), read with the token of a user that has the permissions
 * which docs/feeds.md lists. About eight requests for a round of any size, none of them for one person.
 */
import { OutboundError, type Received } from '../../../core/definitions/outbound.ts';
import type { Provider, Score, Scoreboard, Site } from '../provider.ts';
import { resultsBack } from './ballots.ts';
import { PAGE, pathOf } from './paths.ts';
import {
  type PairingRow,
  type Preferences,
  type RoundRow,
  readAdjudicators,
  readAvailabilities,
  readBallots,
  readPairings,
  readPreferences,
  readRoot,
  readRound,
  readRounds,
  readStandings,
  readTeams,
  readTournament,
  readVenues,
} from './readings.ts';
import { byId, type Participants, roundOf, teamNameOf } from './roundOf.ts';
import { scoreOf } from './score.ts';

/** Of one poll: the next ones ask for the rest. */
const MOST_BALLOTS = 20;
/** Of each kind that is not asked for, that site leaves out all. */
const ALL_KINDS = '?adjudicators=true&teams=true&venues=true';
const DRAWN = ['C', 'R'];
const PHASES = { N: 'scheduled', P: 'postponed', D: 'scoring', C: 'finished' } as const;

export const tabbycat: Provider = {
  name: 'tabbycat',
  capabilities: new Set(['schedule', 'scoreboard', 'stats']),
  resultsBack,

  async fetchSchedule(site, round) {
    const answers = createAnswers();
    const at = pathOf(site);
    const { timezone } = answers.take(await site.outbound.get('/api', readRoot));
    answers.take(await site.outbound.get(at, readTournament));
    const preferences = answers.take(await preferencesOf(site));
    const rows = await roundRows(site, round, answers);
    const drawn = rows.filter(({ draw_status }) => DRAWN.includes(draw_status));
    const pairings = new Map<number, PairingRow[]>();
    for (const { seq } of drawn) pairings.set(seq, answers.take(await pairingsOf(site, seq)));
    const people = drawn.length > 0 ? await peopleAndRoomsOf(site, answers) : NOBODY;
    const participants: Participants = { ...people, preferences };
    const rounds = rows.map((row) => roundOf(row, pairings.get(row.seq) ?? [], participants, timezone));
    return { rounds, ...answers.summary() };
  },

  async fetchScoreboard(site, round, known = new Map(), again = false) {
    const answers = createAnswers();
    const row = answers.take(await site.outbound.get(`${pathOf(site)}/rounds/${round}`, readRound));
    const { draw_status } = row;
    if (draw_status !== 'R') return { round, draw_status, debates: [], ...answers.summary() };
    const preferences = answers.take(await preferencesOf(site));
    const pairings = [...byId(answers.take(await pairingsOf(site, round))).values()];
    const isSilent = row.silent && preferences.all_results_released !== true;
    const scores = isSilent ? new Map() : await scoresOf(site, round, pairings, { known, again }, answers);
    const debates: Scoreboard['debates'] = pairings.map(({ id, result_status }) => {
      const score = result_status === 'C' ? (scores.get(id) ?? null) : null;
      return { id, phase: PHASES[result_status], score };
    });
    return { round, draw_status, debates, ...answers.summary() };
  },

  /** What happens there is seen by the scoreboard alone. */
  fetchEvents: async () => [],

  async fetchAvailabilities(site, round) {
    const path = `${pathOf(site)}/rounds/${round}/availabilities${ALL_KINDS}`;
    return (await site.outbound.get(path, readAvailabilities)).value;
  },

  async fetchStats(site) {
    const answers = createAnswers();
    const preferences = answers.take(await preferencesOf(site));
    if (preferences.team_tab_released !== true) return { teams: [], ...answers.summary() };
    const rows = answers.take(await site.outbound.list(`${pathOf(site)}/teams/standings${PAGE}`, readStandings));
    const teams = byId(answers.take(await site.outbound.list(`${pathOf(site)}/teams${PAGE}`, readTeams)));
    const { team_tab_limit: limit } = preferences;
    const shown = typeof limit === 'number' && limit > 0 ? rows.slice(0, limit) : rows;
    return {
      teams: shown.map(({ team, rank, metrics }) => {
        const points = metrics.find(({ metric }) => metric === 'points' || metric === 'wins')?.value;
        const name = teamNameOf(team, { teams, preferences });
        return { id: team, name, rank: rank ?? null, points: typeof points === 'number' ? points : null };
      }),
      ...answers.summary(),
    };
  },
};

type PeopleAndRooms = Omit<Participants, 'preferences'>;

const NOBODY: PeopleAndRooms = { teams: new Map(), adjudicators: new Map(), venues: new Map() };

/** Values out of answers, and whether any of them has changed. */
function createAnswers() {
  let unchanged = true;
  return {
    take<T>(received: Received<T>): T {
      unchanged &&= received.unchanged;
      return received.value;
    },
    summary: () => ({ unchanged }),
  };
}

type Answers = ReturnType<typeof createAnswers>;

const preferencesOf = (site: Site): Promise<Received<Preferences>> =>
  site.outbound.get(`${pathOf(site)}/preferences`, readPreferences);

const pairingsOf = (site: Site, round: number) =>
  site.outbound.list(`${pathOf(site)}/rounds/${round}/pairings${PAGE}`, readPairings);

async function roundRows(site: Site, round: number | undefined, answers: Answers): Promise<RoundRow[]> {
  if (round === undefined) return answers.take(await site.outbound.list(`${pathOf(site)}/rounds${PAGE}`, readRounds));
  try {
    return [answers.take(await site.outbound.get(`${pathOf(site)}/rounds/${round}`, readRound))];
  } catch (fault) {
    // The tournament itself was there a moment ago.
    if (fault instanceof OutboundError && fault.code === 'not_there') return [];
    throw fault;
  }
}

async function peopleAndRoomsOf(site: Site, answers: Answers): Promise<PeopleAndRooms> {
  const at = pathOf(site);
  const teams = answers.take(await site.outbound.list(`${at}/teams${PAGE}`, readTeams));
  const adjudicators = answers.take(await site.outbound.list(`${at}/adjudicators${PAGE}`, readAdjudicators));
  const venues = answers.take(await site.outbound.list(`${at}/venues${PAGE}`, readVenues));
  return { teams: byId(teams), adjudicators: byId(adjudicators), venues: byId(venues) };
}

/** Of those debates whose result is confirmed. A token that may not see ballots sees no scores. */
async function scoresOf(
  site: Site,
  round: number,
  pairings: readonly PairingRow[],
  { known, again }: { known: ReadonlyMap<string, Score>; again: boolean },
  answers: Answers,
): Promise<Map<string, Score>> {
  const scores = new Map<string, Score>();
  const confirmed = pairings.filter(({ result_status }) => result_status === 'C');
  for (const { id } of confirmed) if (known.has(id)) scores.set(id, known.get(id)!);
  const unknown = confirmed.filter(({ id }) => !known.has(id));
  const asked = again ? [...unknown, ...confirmed.filter(({ id }) => known.has(id))] : unknown;
  for (const { id } of asked.slice(0, MOST_BALLOTS)) {
    const path = `${pathOf(site)}/rounds/${round}/pairings/${id}/ballots?confirmed=true`;
    try {
      const score = scoreOf(answers.take(await site.outbound.get(path, readBallots)));
      if (score) scores.set(id, score);
      else scores.delete(id);
    } catch (fault) {
      if (fault instanceof OutboundError && fault.code === 'not_permitted') return scores;
      throw fault;
    }
  }
  return scores;
}
