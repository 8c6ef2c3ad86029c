/** Rows as Tabbycat serves them: hyperlinks for ids, and beside what is wanted much that is nobody else's business. */
import type { BallotState, DebateState, PersonState, RoundState, TeamState, TournamentState } from './tabbycatState.ts';

interface Site {
  url: string;
  slug: string;
  state: TournamentState;
}

/** What must never be seen outside of a parser. Each stands in some answer. */
export const PRIVATE_MARKS = ['secret@example.org', '+49 30 1234567', 'urlkey-', 'MOTION-', '198.51.100.77', 'gender-'];

const at = ({ url, slug }: Site, path: string) => `${url}/api/v1/tournaments/${slug}/${path}`;
const contact = (id: number) => ({
  ...{ email: 'secret@example.org', phone: '+49 30 1234567', gender: `gender-${id}`, pronoun: 'they' },
  ...{ url_key: `urlkey-${id}`, barcode: `${id}00` },
});

export function personRow(site: Site, noun: 'speakers' | 'adjudicators', { id, ...person }: PersonState) {
  return {
    id,
    url: at(site, `${noun}/${id}`),
    ...person,
    ...contact(id),
    categories: [],
    institution: null,
    base_score: 5,
  };
}

export function teamRow(site: Site, { id, short_name, code_name, speakers }: TeamState) {
  return {
    ...{ id, url: at(site, `teams/${id}`), reference: short_name, short_reference: short_name, short_name },
    ...{ long_name: `${short_name} of a school`, code_name, emoji: '⚖', institution: null, break_categories: [] },
    speakers: speakers.map((speaker) => personRow(site, 'speakers', speaker)),
  };
}

export function venueRow(site: Site, venue: TournamentState['venues'][number]) {
  return { ...venue, url: at(site, `venues/${venue.id}`), priority: 10, categories: [], external_url: '' };
}

export function roundRow(site: Site, { debates: _, available: __, ...round }: RoundState) {
  return {
    ...round,
    ...{
      url: at(site, `rounds/${round.seq}`),
      abbreviation: `R${round.seq}`,
      stage: 'P',
      draw_type: 'R',
      completed: false,
    },
    motions: [{ id: 1, text: `MOTION-${round.seq}`, reference: 'M' }],
    _links: { pairing: at(site, `rounds/${round.seq}/pairings`) },
  };
}

/** Hyperlinks alone, of the kinds that are asked for; of all others none. */
export function availabilityRows(site: Site, { available }: RoundState, asked: URLSearchParams): string[] {
  const isAsked = (path: string) => asked.get(path.split('/')[0]!) === 'true' || path.startsWith('speakers/');
  return available.filter(isAsked).map((path) => at(site, path));
}

/** @param isAdmin holds `view_admin_draw` */
export function debateRow(site: Site, debate: DebateState, isAdmin: boolean) {
  const { id, venue, teams, chair, panellists, trainees, sides_confirmed, result_status } = debate;
  const judge = (one: number) => at(site, `adjudicators/${one}`);
  return {
    ...{ id, url: at(site, `pairings/${id}`), barcode: `${id}11` },
    venue: venue === null ? null : at(site, `venues/${venue}`),
    teams: teams.map(({ team, side }) => ({ team: at(site, `teams/${team}`), side, flags: [] })),
    adjudicators: {
      chair: chair === null ? null : judge(chair),
      panellists: panellists.map(judge),
      trainees: trainees.map(judge),
    },
    sides_confirmed,
    ...(isAdmin && { result_status, bracket: 3.5, room_rank: 1, importance: 0 }),
  };
}

export function ballotRow(site: Site, ballot: BallotState) {
  return {
    ...{ ...ballot, url: at(site, `ballots/${ballot.id}`), ip_address: '198.51.100.77', submitter: null },
    ...{ motion: at(site, 'motions/1'), timestamp: '2027-03-01T10:00:00Z', private_url: false },
  };
}

export function preferenceRows({ preferences }: TournamentState) {
  const sections: Record<string, string> = { all_results_released: 'tab_release', team_tab_released: 'tab_release' };
  return Object.entries(preferences).map(([name, value]) => {
    const section = sections[name] ?? 'ui_options';
    return {
      section,
      name,
      identifier: `${section}__${name}`,
      default: null,
      value,
      verbose_name: name,
      help_text: '',
    };
  });
}

export function standingRows(site: Site) {
  return site.state.teams.map(({ id }, i) => ({
    ...{ rank: i + 1, tied: false, team: at(site, `teams/${id}`) },
    metrics: [
      { metric: 'points', value: site.state.teams.length - i },
      { metric: 'speaks_sum', value: 228.5 },
    ],
  }));
}
