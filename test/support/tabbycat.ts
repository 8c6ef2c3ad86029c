/**
 * A server of our own that speaks Tabbycat's REST, as far as it is asked here: a tournament whose state tests change as its
 * tab room would, and a switch for each thing that goes wrong with such a server. Answers hold what real ones hold beside what
 * is wanted, such as addresses and private URLs, so that tests see it left out.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { answerWithFault, type Fault, takeFault } from './tabbycatFaults.ts';
import {
  availabilityRows,
  ballotRow,
  debateRow,
  personRow,
  preferenceRows,
  roundRow,
  standingRows,
  teamRow,
  venueRow,
} from './tabbycatRows.ts';
import {
  addBallot,
  type BallotState,
  type DebateState,
  type Made,
  makeTournament,
  pairUp,
  type RoundState,
  renumber,
  type TournamentState,
} from './tabbycatState.ts';

export type { Fault } from './tabbycatFaults.ts';

/** All that a feed asks for, and what results back need. */
const PERMISSIONS = [
  ...['view_settings', 'view_debate', 'view_admin_draw', 'view_teams', 'view_adjudicators'],
  ...['view_ballotsubmissions', 'add_ballotsubmissions', 'view_roundavailability'],
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface TestTabbycat {
  /** Without a slash at its end. */
  url: string;
  slug: string;
  token: string;
  /** To be changed freely: the next answer shows it. */
  state: TournamentState;
  permissions: Set<Permission>;
  /** Where set, lists come in pages of so many, whatever is asked for. */
  page_size: number | undefined;
  /** What was asked, in order. */
  requests: { method: string; path: string; authorization: string | undefined; status: number }[];
  round(seq: number): RoundState;
  /** The draw of a round becomes public; `C` or `D` takes it back. */
  setDraw(seq: number, status: RoundState['draw_status']): void;
  /** A new draw with new ids; the same pairs of teams unless they are to be others. */
  regenerate(seq: number, teams?: 'same' | 'others'): void;
  /** Every id is another from now on: of debates, teams, people and rooms. */
  renumber(): void;
  /** A ballot of a debate: confirmed, unless it is to be a draft. */
  decide(debate: DebateState, winner: 'aff' | 'neg', options?: { draft?: boolean; sheets?: number }): BallotState;
  /** All that is known now; `restore` goes back in time. */
  snapshot(): TournamentState;
  restore(snapshot: TournamentState): void;
  /** The next so many requests whose path matches go wrong; without `times`, all until `mend`. */
  fail(fault: Fault): void;
  mend(): void;
  stop(): Promise<void>;
}

export interface TabbycatOptions extends Partial<Made> {
  /** Over TLS with these, in PEM form. */
  tls?: { key: string; cert: string };
  port?: number;
}

export async function startTabbycat({ tls, port = 0, ...made }: TabbycatOptions = {}): Promise<TestTabbycat> {
  const faults: Fault[] = [];
  const listener = (req: IncomingMessage, res: ServerResponse) => serve(site, faults, req, res);
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const site: TestTabbycat = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    slug: 'spring-moot',
    token: 'f'.repeat(40),
    state: makeTournament(made),
    permissions: new Set(PERMISSIONS),
    page_size: undefined,
    requests: [],
    round: (seq) => site.state.rounds.find((one) => one.seq === seq)!,
    setDraw: (seq, status) => {
      site.round(seq).draw_status = status;
    },
    regenerate: (seq, teams = 'same') => pairUp(site.state, site.round(seq), teams),
    renumber: () => renumber(site.state),
    decide: (debate, winner, options) => addBallot(site.state, debate, winner, options),
    snapshot: () => structuredClone(site.state),
    restore: (snapshot) => {
      site.state = structuredClone(snapshot);
    },
    fail: (fault) => void faults.push({ ...fault }),
    mend: () => void faults.splice(0),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return site;
}

interface Answer {
  status: number;
  body: unknown;
  /** Served in pages. */
  isList?: boolean;
}

function serve(site: TestTabbycat, faults: Fault[], req: IncomingMessage, res: ServerResponse): void {
  const url = new URL(req.url!, site.url);
  const { authorization } = req.headers;
  const entry = { method: req.method!, path: `${url.pathname}${url.search}`, authorization, status: 0 };
  site.requests.push(entry);
  res.once('close', () => {
    entry.status = res.headersSent ? res.statusCode : 0;
  });
  const pieces: Buffer[] = [];
  req.on('data', (piece: Buffer) => pieces.push(piece));
  req.on('end', () => {
    const fault = takeFault(faults, entry.path, entry.method);
    const body = Buffer.concat(pieces).toString();
    if (fault?.isDone) answerOf(site, url, req, body);
    if (fault) return answerWithFault(fault, url, res);
    send(site, url, req, res, answerOf(site, url, req, body));
  });
}

function send(site: TestTabbycat, url: URL, req: IncomingMessage, res: ServerResponse, answer: Answer): void {
  const { status, isList } = answer;
  const page = isList ? pageOf(site, url, answer.body as unknown[]) : { body: answer.body, link: undefined };
  const text = JSON.stringify(page.body);
  const etag = `W/"${createHash('sha1').update(text).digest('hex')}"`;
  if (page.link) res.setHeader('link', page.link);
  res.setHeader('etag', etag);
  if (status === 200 && req.headers['if-none-match'] === etag) return void res.writeHead(304).end();
  res.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

function pageOf({ page_size }: TestTabbycat, url: URL, rows: unknown[]): { body: unknown[]; link: string | undefined } {
  const asked = Number(url.searchParams.get('limit')) || undefined;
  const size = page_size ?? asked;
  if (size === undefined || rows.length <= size) return { body: rows, link: undefined };
  const offset = Number(url.searchParams.get('offset') ?? 0);
  const at = (to: number) => {
    const next = new URL(url);
    next.searchParams.set('offset', String(to));
    return next.href;
  };
  const links = [
    ...(offset + size < rows.length ? [`<${at(offset + size)}>; rel="next"`] : []),
    ...(offset > 0 ? [`<${at(Math.max(0, offset - size))}>; rel="prev"`] : []),
  ];
  return { body: rows.slice(offset, offset + size), link: links.join(', ') || undefined };
}

const no = (status: number, detail: string): Answer => ({ status, body: { detail } });

function answerOf(site: TestTabbycat, url: URL, req: IncomingMessage, body: string): Answer {
  const { authorization } = req.headers;
  if (authorization !== undefined && authorization !== `Token ${site.token}`) return no(401, 'Invalid token.');
  const { pathname: path } = url;
  if (path === '/api') return { status: 200, body: { _links: {}, timezone: site.state.timezone, version: '2.9.3' } };
  const root = `/api/v1/tournaments/${site.slug}`;
  if (path !== root && !path.startsWith(`${root}/`)) return no(404, 'Not found.');
  const isUser = authorization !== undefined;
  const may = (permission: Permission) => isUser && site.permissions.has(permission);
  const [noun = '', seq, ...rest] = path.slice(root.length + 1).split('/');
  if (noun === '') return { status: 200, body: { id: 1, slug: site.slug, name: 'Spring Moot', short_name: 'Spring' } };
  if (noun === 'rounds') return roundsAnswer(site, may, req, url, body, seq, rest);
  const { state } = site;
  const lists: Record<string, [Permission | undefined, () => unknown[]]> = {
    preferences: ['view_settings', () => preferenceRows(state)],
    teams: [
      state.preferences.public_participants ? undefined : 'view_teams',
      () => state.teams.map((team) => teamRow(site, team)),
    ],
    adjudicators: [
      state.preferences.public_participants ? undefined : 'view_adjudicators',
      () => state.adjudicators.map((one) => personRow(site, 'adjudicators', one)),
    ],
    venues: [undefined, () => state.venues.map((venue) => venueRow(site, venue))],
  };
  if (noun === 'teams' && seq === 'standings') return { status: 200, body: standingRows(site), isList: true };
  const [permission, rows] = lists[noun] ?? [];
  if (rows === undefined || seq !== undefined) return no(404, 'Not found.');
  if (permission !== undefined && !may(permission)) return no(403, 'You do not have permission.');
  return { status: 200, body: rows(), isList: true };
}

function roundsAnswer(
  site: TestTabbycat,
  may: (permission: Permission) => boolean,
  req: IncomingMessage,
  url: URL,
  body: string,
  seq: string | undefined,
  rest: string[],
): Answer {
  const { state } = site;
  if (seq === undefined) return { status: 200, body: state.rounds.map((round) => roundRow(site, round)), isList: true };
  const round = site.round(Number(seq));
  if (round === undefined) return no(404, 'Not found.');
  if (rest.length === 0) return { status: 200, body: roundRow(site, round) };
  const [noun, debate_id, below] = rest;
  if (noun === 'availabilities') {
    if (!may('view_roundavailability')) return no(403, 'You do not have permission.');
    return { status: 200, body: availabilityRows(site, round, url.searchParams) };
  }
  const isPublic = round.draw_status === 'R' && state.preferences.public_draw === true;
  if (noun !== 'pairings') return no(404, 'Not found.');
  if (!may('view_debate') && !isPublic) return no(403, 'You do not have permission.');
  if (debate_id === undefined) {
    const rows = round.debates.map((debate) => debateRow(site, debate, may('view_admin_draw')));
    return { status: 200, body: rows, isList: true };
  }
  const debate = round.debates.find(({ id }) => id === Number(debate_id));
  if (debate === undefined || below !== 'ballots') return no(404, 'Not found.');
  if (req.method === 'POST') {
    if (!may('add_ballotsubmissions')) return no(403, 'You do not have permission.');
    const { result, confirmed = false } = JSON.parse(body) as { result: BallotState['result']; confirmed?: boolean };
    const ballot = { id: state.next_id++, version: debate.ballots.length + 1, confirmed, discarded: false, result };
    debate.ballots.push(ballot);
    if (confirmed) debate.result_status = 'C';
    return { status: 201, body: ballotRow(site, ballot) };
  }
  if (!may('view_ballotsubmissions')) return no(403, 'You do not have permission.');
  const wanted =
    url.searchParams.get('confirmed') === 'true' ? debate.ballots.filter((one) => one.confirmed) : debate.ballots;
  return { status: 200, body: wanted.map((ballot) => ballotRow(site, ballot)), isList: true };
}
