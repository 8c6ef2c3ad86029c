/**
 * A tournament that is made up, the same one whenever it is asked for: for tests and the demo. Its mapping says how many
 * rounds and rooms it has; a test may say what has happened since.
 */
import { z } from 'zod';
import type { Debate, DrawStatus, Phase, Provider, ProviderEvent, Round, Score } from './provider.ts';

const plan = z.object({
  rounds: z.int().min(1).max(20).default(4),
  rooms: z.int().min(1).max(1_000).default(16),
  /** Of round 1; the others follow at every two hours. */
  starts_at: z.string().default('2027-03-01T09:00:00.000Z'),
  /** Rounds up to this one are released. */
  released: z.int().min(0).max(20).default(1),
});
type Plan = z.infer<typeof plan>;

/** What has happened at a debate, by its id. */
export interface FixtureState {
  phases: Map<string, { phase: Phase; score: Score | null }>;
  events: ProviderEvent[];
}

const UNTOUCHED: { phase: Phase; score: Score | null } = { phase: 'scheduled', score: null };
const TWO_HOURS_MS = 2 * 3_600_000;

export function createFixture(state: FixtureState = { phases: new Map(), events: [] }): Provider {
  return {
    name: 'fixture',
    capabilities: new Set(['schedule', 'scoreboard', 'events', 'stats']),
    async fetchSchedule({ mapping }, round) {
      const planned = plan.parse(mapping ?? {});
      const rounds = Array.from({ length: planned.rounds }, (_, i) => roundOf(i + 1, planned));
      return { rounds: rounds.filter(({ seq }) => round === undefined || seq === round), unchanged: false };
    },
    async fetchScoreboard({ mapping }, round) {
      const planned = plan.parse(mapping ?? {});
      const draw_status = drawOf(round, planned);
      const ids = Array.from({ length: draw_status === 'R' ? planned.rooms : 0 }, (_, room) => idOf(round, room + 1));
      const debates = ids.map((id) => ({ id, ...(state.phases.get(id) ?? UNTOUCHED) }));
      return { round, draw_status, debates, unchanged: false };
    },
    fetchEvents: async (_, round) => state.events.filter(({ debate }) => debate.startsWith(`r${round}-`)),
    fetchStats: async () => ({ teams: [], unchanged: false }),
  };
}

export const fixture = createFixture();

const idOf = (round: number, room: number) => `r${round}-${room}`;
const drawOf = (round: number, { rounds, released }: Plan): DrawStatus =>
  round <= Math.min(rounds, released) ? 'R' : 'N';

function roundOf(seq: number, planned: Plan): Round {
  const starts_at = new Date(Date.parse(planned.starts_at) + (seq - 1) * TWO_HOURS_MS).toISOString();
  const draw_status = drawOf(seq, planned);
  const debates = Array.from({ length: draw_status === 'R' ? planned.rooms : 0 }, (_, room) =>
    debateOf(seq, room + 1, planned.rooms, starts_at),
  );
  return { seq, name: `Round ${seq}`, draw_status, silent: false, starts_at, debates };
}

/** Respondents move on by one room each round. */
function debateOf(seq: number, room: number, rooms: number, starts_at: string): Debate {
  const respondent = rooms + ((room + seq - 2) % rooms) + 1;
  return {
    id: idOf(seq, room),
    title: null,
    teams: [teamOf('petitioner', room), teamOf('respondent', respondent)],
    panel: [{ id: `judge-${room}`, name: `Judge ${room}`, place: 'chair' }],
    venue: { id: `room-${room}`, name: `Courtroom ${room}` },
    sides_confirmed: true,
    result: 'none',
    starts_at,
  };
}

function teamOf(side: 'petitioner' | 'respondent', number: number): Debate['teams'][number] {
  const speakers = [1, 2].map((n) => ({ id: `counsel-${number}-${n}`, name: `Counsel ${number}.${n}` }));
  return { side, id: `team-${number}`, name: `Team ${number}`, speakers };
}
