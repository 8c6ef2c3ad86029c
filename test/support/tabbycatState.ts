/** The state of the tournament that the suite's Tabbycat serves: made the same whenever it is made. */

export interface BallotState {
  id: number;
  version: number;
  confirmed: boolean;
  discarded: boolean;
  result: { sheets: { adjudicator?: string; teams: { side: string; win?: boolean; score?: number | null }[] }[] };
}

export interface DebateState {
  id: number;
  venue: number | null;
  teams: { team: number; side: 'aff' | 'neg' | 'bye' | 'og' | 'oo' | 'cg' | 'co' }[];
  chair: number | null;
  panellists: number[];
  trainees: number[];
  sides_confirmed: boolean;
  result_status: 'N' | 'P' | 'D' | 'C';
  ballots: BallotState[];
}

export interface RoundState {
  id: number;
  seq: number;
  name: string;
  draw_status: 'N' | 'D' | 'C' | 'R';
  silent: boolean;
  starts_at: string | null;
  debates: DebateState[];
  /** Who may be drawn, and where: paths such as `teams/101`. */
  available: string[];
}

export interface PersonState {
  id: number;
  name: string;
  code_name: string;
  anonymous: boolean;
}

export interface TeamState {
  id: number;
  short_name: string;
  code_name: string;
  speakers: PersonState[];
}

export interface TournamentState {
  timezone: string;
  preferences: Record<string, unknown>;
  rounds: RoundState[];
  teams: TeamState[];
  adjudicators: PersonState[];
  venues: { id: number; name: string; display_name: string }[];
  next_id: number;
}

export interface Made {
  rounds: number;
  rooms: number;
  timezone: string;
  /** Of round 1; the others follow at every two hours. */
  starts_at: string;
}

const TWO_HOURS_MS = 2 * 3_600_000;

export function makeTournament(made: Partial<Made>): TournamentState {
  const { rounds = 4, rooms = 16, timezone = 'Europe/Berlin', starts_at = '2027-03-01T09:00:00Z' } = made;
  const people = (count: number, from: number, name: string) =>
    Array.from({ length: count }, (_, i): PersonState => {
      return { id: from + i, name: `${name} ${i + 1}`, code_name: `${name[0]}${from + i}`, anonymous: false };
    });
  const speakers = people(4 * rooms, 5_001, 'Speaker');
  const state: TournamentState = {
    timezone,
    preferences: {
      ...{ team_code_names: 'off', participant_code_names: 'off', teams_in_debate: 2, side_names: 'pet-resp' },
      ...{ all_results_released: false, team_tab_released: false, team_tab_limit: 0 },
      ...{ public_draw: false, public_participants: false },
    },
    teams: Array.from({ length: 2 * rooms }, (_, i) => {
      const id = 101 + i;
      return { id, short_name: `Team ${i + 1}`, code_name: `T${id}`, speakers: speakers.slice(2 * i, 2 * i + 2) };
    }),
    adjudicators: people(2 * rooms, 3_001, 'Judge'),
    venues: Array.from({ length: rooms }, (_, i) => {
      return { id: 7_001 + i, name: `${i + 1}`, display_name: `Courtroom ${i + 1}` };
    }),
    rounds: [],
    next_id: 10_001,
  };
  for (let seq = 1; seq <= rounds; seq += 1) {
    const at = new Date(Date.parse(starts_at) + (seq - 1) * TWO_HOURS_MS).toISOString();
    const facts = { draw_status: seq === 1 ? 'R' : 'N', silent: false, starts_at: at } as const;
    const round: RoundState = { id: 20 + seq, seq, name: `Round ${seq}`, ...facts, debates: [], available: [] };
    state.rounds.push(round);
    pairUp(state, round, 'same');
  }
  return state;
}

/** The draw of a round, with new ids. Teams meet the one after them; as others, the one after that. */
export function pairUp(state: TournamentState, round: RoundState, teams: 'same' | 'others'): void {
  const { venues, adjudicators } = state;
  const shift = round.seq - 1 + (teams === 'others' ? 1 : 0);
  const of = (i: number) => state.teams[((i % state.teams.length) + state.teams.length) % state.teams.length]!.id;
  round.debates = venues.map((venue, room): DebateState => {
    const [aff, neg] = [of(2 * room), of(2 * (room + shift) + 1)];
    return {
      id: state.next_id++,
      venue: venue.id,
      teams: [
        { team: aff, side: 'aff' },
        { team: neg, side: 'neg' },
      ],
      chair: adjudicators[2 * room]!.id,
      panellists: [adjudicators[2 * room + 1]!.id],
      trainees: [],
      sides_confirmed: true,
      result_status: 'N',
      ballots: [],
    };
  });
}

const MOVED_BY = 50_000;

/** The same tournament with every id another, as where its site was set up anew. */
export function renumber({ teams, adjudicators, venues, rounds }: TournamentState): void {
  const other = (id: number) => id + MOVED_BY;
  const speakers = teams.flatMap((team) => team.speakers);
  for (const one of [...teams, ...speakers, ...adjudicators, ...venues]) one.id = other(one.id);
  for (const debate of rounds.flatMap(({ debates }) => debates)) {
    debate.id = other(debate.id);
    debate.venue = debate.venue === null ? null : other(debate.venue);
    debate.chair = debate.chair === null ? null : other(debate.chair);
    debate.panellists = debate.panellists.map(other);
    debate.trainees = debate.trainees.map(other);
    for (const side of debate.teams) side.team = other(side.team);
  }
}

export function addBallot(
  state: TournamentState,
  debate: DebateState,
  winner: 'aff' | 'neg',
  { draft = false, sheets = 1 }: { draft?: boolean; sheets?: number } = {},
): BallotState {
  const sheet = {
    teams: (['aff', 'neg'] as const).map((side) => ({
      side,
      win: side === winner,
      score: side === winner ? 228.5 : 226,
    })),
  };
  const version = debate.ballots.length + 1;
  const result = { sheets: Array.from({ length: sheets }, () => structuredClone(sheet)) };
  const ballot = { id: state.next_id++, version, confirmed: !draft, discarded: false, result };
  if (!draft) for (const before of debate.ballots) before.confirmed = false;
  debate.ballots.push(ballot);
  debate.result_status = draft ? 'D' : 'C';
  return ballot;
}
