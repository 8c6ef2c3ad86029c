/**
 * People of another institution who guess ids: for every route of the two lists, what exists and what does not are
 * answered alike, to the byte and to the statement sent, and nothing of it is stored.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { readCommandState, redriveCommand } from '../../src/http/commands/serveCommandState.ts';
import { importFeed, readFeedRun, syncFeed } from '../../src/http/feeds/runRoutes.ts';
import { uploadFeed } from '../../src/http/feeds/uploadFeed.ts';
import { simulatePolicy } from '../../src/http/policies/simulatePolicy.ts';
import { decideThreat } from '../../src/http/threats/outcomeRoute.ts';
import { commands } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import {
  type Answer,
  assignmentBody,
  get,
  type Json,
  must,
  type Person,
  person,
  post,
  send,
} from '../support/client.ts';
import { openWorld, type World } from '../support/everybody.ts';
import { isEverything } from '../support/everything.ts';
import { FORM, field, file, formOf, PDF } from '../support/exhibits.ts';
import { RESULT } from '../support/matchFixture.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';
import { expectIntact } from '../support/verdict.ts';

const RUNS = isEverything ? 20 : 4;

const OF_ANYBODY = [
  'newest-migration',
  'read-latest-revocations',
  'look-up-revocations',
  'read-changed-bans',
  'note-logins',
  // Of the sender alone, and kept for minutes.
  'read-login-context',
  'read-changed-policies',
  // What doors and policies said, every second or minute.
  'store-policy-decisions',
  'store-policy-outcomes',
  'store-refusals',
];

type Ids = Record<
  | 'session_id'
  | 'assignment_id'
  | 'observation_id'
  | 'turn_id'
  | 'objection_id'
  | 'exhibit_id'
  | 'message_id'
  | 'command_id'
  | 'institution_id'
  | 'ban_id'
  | 'feed_id'
  | 'board_id'
  | 'login_id'
  | 'policy_id'
  | 'threat_id'
  | 'entry_id'
  | 'match_id'
  | 'provider_id'
  | 'run_id'
  | 'n'
  | 'user_id',
  string
>;

const institution_id = randomUUID();
const STRANGERS: Record<string, Person | null> = {
  admin: person('admin', { institution_id }),
  judge: person('judge', { institution_id }),
  moderator: person('moderator', { institution_id }),
  participant: person('participant', { institution_id }),
  nobody: null,
};

const RULES = [{ resource_type: 'turn.*', allowed_roles: ['admin', 'judge'], min_confidence: 60, step_up: false }];

/** Bodies that the schemas accept; the other commands have nothing that must be said. */
const BODIES: Record<string, (ids: Ids, world: World) => Json> = {
  'assignment.create': ({ institution_id }, { people }) => assignmentBody(people, { institution_id }),
  'assignment.substitute': (_, { people }) => ({
    user_id: people.judge.id,
    replacement: { user_id: people.student.id, name: 'Somebody' },
  }),
  'assignment.update': () => ({ courtroom: 'Courtroom 2' }),
  'assignment.cancel': () => ({ reason: 'Snow.' }),
  'recording.add': () => ({ url: 'https://recordings.example/r/1' }),
  'session.create': ({ assignment_id }) => ({ assignment_id }),
  'session.join': () => ({ role: 'petitioner' }),
  'session.log': () => ({ event_type: 'NOTE', details: { text: 'Who is there?' } }),
  'turn.plan': ({ turn_id }) => ({ turn_id, allotted_ms: 60_000 }),
  'turn.start': ({ turn_id }, { people }) => ({ turn_id, speaker_id: people.petitioner.id }),
  'turn.end': ({ turn_id }) => ({ turn_id }),
  'turn.extend': ({ turn_id }) => ({ turn_id, extension_ms: 60_000 }),
  'turn.reserve_rebuttal': ({ turn_id }) => ({ turn_id, reserved_ms: 60_000 }),
  'turn.waive_rebuttal': ({ turn_id }) => ({ turn_id }),
  'turn.question': ({ turn_id }) => ({ turn_id, phase: 'start' }),
  'turn.void': ({ turn_id }) => ({ turn_id, reason: 'The wrong side.' }),
  'turn.take_over': ({ turn_id }) => ({ turn_id }),
  'turn.return': ({ turn_id }) => ({ turn_id }),
  'objection.raise': ({ turn_id }) => ({ turn_id, ground: 'procedural' }),
  'objection.withdraw': ({ objection_id }) => ({ objection_id }),
  'objection.rule': ({ objection_id }) => ({ objection_id, decision: 'sustained' }),
  'objection.correct': ({ objection_id }) => ({ objection_id, decision: 'overruled', reason: 'Misheard.' }),
  'exhibit.correct': ({ exhibit_id }) => ({ exhibit_id, decision: 'rejected', reason: 'Misheard.' }),
  'exhibit.upload': () => formOf(field('title', 'A map'), field('side', 'petitioner'), file(PDF)),
  'exhibit.mark': ({ exhibit_id }) => ({ exhibit_id }),
  'exhibit.tender': ({ exhibit_id }) => ({ exhibit_id }),
  'exhibit.rule': ({ exhibit_id }) => ({ exhibit_id, decision: 'admitted' }),
  'exhibit.withdraw': ({ exhibit_id }) => ({ exhibit_id }),
  'gallery.post': () => ({ text: 'Why is that so?', category: 'question' }),
  'gallery.vote': ({ message_id }) => ({ message_id }),
  'gallery.report': ({ message_id }) => ({ message_id }),
  'gallery.withdraw': ({ message_id }) => ({ message_id }),
  'gallery.approve': ({ message_id }) => ({ message_id }),
  'gallery.hide': ({ message_id }) => ({ message_id }),
  'gallery.restore': ({ message_id }) => ({ message_id }),
  'gallery.answer': ({ message_id }) => ({ message_id }),
  'gallery.ban': ({ message_id }) => ({ message_id, reason: 'Insults counsel.' }),
  'gallery.slow': () => ({ seconds: 120 }),
  'feed.create': ({ institution_id }) => ({ provider: 'csv', name: 'Harbour Moot', institution_id }),
  'login.terminate': () => ({ reason: 'A laptop was stolen.' }),
  'board.create': ({ institution_id }) => ({ institution_id }),
  'policy.create': ({ institution_id }) => ({ institution_id, rules: RULES }),
  'policy.change': () => ({ rules: RULES }),
  'policy.rollback': () => ({ version: 1 }),
  'policy.override': ({ session_id, user_id }) => ({ session_id, user_id, reason: 'A new network.' }),
  'policy.simulate': () => ({ rules: RULES }),
  'threat.outcome': () => ({ outcome: 'confirmed' }),
  'policy.activate': () => ({ mode: 'observe' }),
  'feed.link': ({ user_id }) => ({ provider_id: 'c', user_id }),
  'feed.settle': () => ({ take: 'ours' }),
  'match.result': () => RESULT,
  'feed.upload': () => SHEET as never,
  'feed.import': () => ({ round: 1 }),
  'notices.follow': ({ session_id }) => ({ session_id }),
  'guard.ban': ({ ban_id }) => ({ ban_id, reason: 'Floods the questions.' }),
  'guard.unban': ({ ban_id }) => ({ ban_id, reason: 'It was the proxy.' }),
  'guard.confirm': ({ ban_id }) => ({ ban_id, reason: 'Seen, and rightly so.' }),
  'violation.record': ({ turn_id }, { people }) => ({
    ...{ turn_id, user_id: people.petitioner.id, kind: 'late', description: 'Who was late?' },
  }),
};

/** What is answered where nothing is to be told. */
const EMPTY = { items: [], next_cursor: null };
const NOTHING: Record<string, object> = {
  'threat.list': { ...EMPTY, accuracy: null },
  'gallery.daily': { day: expect.any(String), unique_visitors: 0, messages: 0, views: 0 },
};

/** What a route takes that takes no JSON: the body's type. */
const FORMS: Record<string, string> = { 'exhibit.upload': FORM, 'feed.upload': 'text/csv' };

const swapped = ({ session_id, assignment_id, turn_id, objection_id, exhibit_id, message_id, ...ids }: Ids): Ids => ({
  ...{ session_id: assignment_id, assignment_id: session_id, ...ids },
  ...{ turn_id: objection_id, objection_id: exhibit_id, exhibit_id: message_id, message_id: turn_id },
});

/** The own card, what is told of oneself, the own login sessions and the own trail are everybody's: they name nothing that could be guessed. */
const NAMES_NOTHING = [
  'contact.write',
  'notices.prefer',
  'notices.unfollow',
  'notices.list',
  'notices.preferences',
  'login.list',
  'login.terminate_others',
  'audit.list',
  'privacy.erase',
];

const others = [importFeed, syncFeed, uploadFeed, readFeedRun, simulatePolicy, decideThreat];
const routes = [...commands, ...queries, readCommandState, redriveCommand, ...others]
  .map(({ name, route, roles }) => ({ name, route, roles }))
  .filter(({ name }) => !NAMES_NOTHING.includes(name));

/** A spreadsheet with one match. */
const SHEET = `id,round,title,courtroom,scheduled_at,petitioner,respondent,panel\nm1,1,,Room 1,2027-03-01T09:30:00Z,A,B,C`;

const upload = (world: World, feed_id: string) =>
  post(world.url(), `/api/feed/${feed_id}/upload?dry_run`, world.people.admin, SHEET, {
    'content-type': 'text/csv',
  });

/** What is known of an attempt before it is made: `role` wins over `scope`, as the door has it. */
function expectedOf({ name, route, roles }: (typeof routes)[number], role: string): { status: number; code?: string } {
  if (role === 'nobody' && roles !== 'anyone') return { status: 401, code: 'unauthenticated' };
  if (roles !== 'anyone' && !(roles as readonly string[]).includes(role)) return { status: 403, code: 'forbidden' };
  if (role === 'nobody' && (route.startsWith('GET') || name.startsWith('gallery.'))) {
    return { status: 401, code: 'unauthenticated' };
  }
  // Of nobody's session: without the names of tokens there is nothing to be ended.
  if (name === 'tokens.revoke') return { status: 422, code: 'validation_failed' };
  if (/^(assignment|feed|board|policy).create$/.test(name)) return { status: 403, code: 'forbidden' };
  const namesInBody = ['session.create', 'notices.follow'].includes(name) || name.startsWith('guard.');
  return /:\w+/.test(route) || (namesInBody && route.startsWith('POST'))
    ? { status: 404, code: 'not_found' }
    : { status: 200 };
}

/** Whatever may stand beside an id in a request. */
const surroundings = fc.record({
  who: fc.constantFrom(...Object.keys(STRANGERS)),
  visibility: fc.constantFrom('private', 'institution'),
  /** An id of another kind than the one asked for is as unknown as any. */
  swap: fc.boolean(),
  isUpperCase: fc.boolean(),
  headers: fc.record(
    {
      prefer: fc.constantFrom('wait=1', 'respond-async', 'wait=0'),
      'if-match': fc.constantFrom('"1"', '"2"', '"99"'),
      'idempotency-key': fc.stringMatching(/^[a-z0-9]{1,12}$/),
    },
    { requiredKeys: [] },
  ),
});

describe.skipIf(isLeftOut)('a stranger', () => {
  let stack: Stack;
  let world: World;
  const hidden: Record<string, Ids> = {};
  /** The statements that the APIs send while somebody asks. */
  let sent: string[];
  const looking = new WeakSet<pg.Client>();
  /** In a transaction that sent nothing yet, or only what is stored of anybody. */
  const begun = new WeakSet<pg.Client>();

  beforeAll(async () => {
    stack = await startStack({ FEATURE_SESSION_RECORDING: 'true', FEED_RESULTS_BACK: 'true' });
    world = openWorld(stack);
    const { admin } = world.people;
    await must(post(world.url(), `/api/institution/${admin.institution_id}/settings`, admin, { policies: true }));
    // Past the inbox: no audit trail tells of it.
    await stack.pool.query(
      `insert into institution_settings values ($1, 'UTC', true, true, false, true, true, now())`,
      [institution_id],
    );
    for (const visibility of ['private', 'institution']) hidden[visibility] = await hide(visibility);
    await untilAudited(stack.pool);
    const { rows } = await stack.pool.query('select id from audit_entries where owner = $1 limit 1', [
      admin.institution_id,
    ]);
    for (const ids of Object.values(hidden)) ids.entry_id = rows[0].id;
  });

  afterAll(() => stack.stop());

  beforeEach(() => {
    const query = pg.Client.prototype.query;
    vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...asked: unknown[]) {
      const { application_name } = (this as unknown as { connectionParameters: { application_name: string } })
        .connectionParameters;
      const { name, text } = typeof asked[0] === 'string' ? { name: '', text: asked[0] } : (asked[0] as Json);
      // Looks have connections of their own.
      if (text.startsWith('begin read only; set local')) looking.add(this);
      const isOfTheDoor = /^plearoll-(api|door)$/.test(application_name) && !looking.has(this);
      // Whether a newer schema is there, who is alive, a new connection's role, which tokens were ended and what signs tickets are asked
      // for whoever comes.
      const isOfAnybody =
        OF_ANYBODY.includes(name) || text.startsWith('set role') || /pg_locks|ticket_secrets/.test(text);
      if (isOfTheDoor && !isOfAnybody) note(this, text);
      return (query as unknown as (...all: unknown[]) => never).apply(this, asked);
    } as never);
    sent = [];
  });

  afterEach(() => vi.restoreAllMocks());

  /** The brackets of what is stored of anybody come whenever they come, and tell no more than what they hold. */
  function note(client: pg.Client, text: string): void {
    const isEnd = /^(commit|rollback)$/.test(text);
    if (text === 'begin') begun.add(client);
    else if (isEnd && begun.has(client)) begun.delete(client);
    else sent.push(...(begun.delete(client) ? ['begin', text] : [text]));
  }

  /** A hearing with everything that has an id. Its own people look at it at each API, so that its scope is known there. */
  async function hide(visibility: string): Promise<Ids> {
    const { people } = world;
    const { session_id, assignment_id } = await world.open(visibility, 'start');
    const path = `/api/session/${session_id}`;
    const { command_id } = await must(post(world.url(), `${path}/join`, people.petitioner, { role: 'petitioner' }));
    const observed = await must(post(world.url(), `${path}/observe`, people.admin));
    const { items: turns } = await must(get(world.url(), `${path}/turns`, people.admin));
    const turn_id = turns[0].id as string;
    await must(post(world.url(), `${path}/turn/start`, people.admin, { turn_id, speaker_id: people.petitioner.id }));
    const objecting = { turn_id, ground: 'procedural' };
    const { result: objection } = await must(
      post(world.url(), `${path}/objection/raise`, people.respondent, objecting),
    );
    for (const url of stack.apis) {
      await must(get(url, path, people.admin));
      await must(get(url, `/api/assignment/${assignment_id}`, people.admin));
    }
    const { institution_id } = people;
    const sent = formOf(field('title', 'A map'), field('side', 'petitioner'), file(PDF));
    const { result: exhibit } = await must(
      post(world.url(), `${path}/exhibit/upload`, people.admin, sent, { 'content-type': FORM }),
    );
    const saying = { text: 'Why is that so?', category: 'question' };
    const spectator = person('super_admin');
    const { result: message } = await must(post(world.url(), `${path}/gallery/post`, spectator, saying));
    const parts = { turn_id, objection_id: objection.id, exhibit_id: exhibit.id, message_id: message.id };
    const card = { name: 'Judge Okafor', phone: '+14155552671', visible_to: ['judge', 'moderator', 'admin'] };
    const { result: contact } = await must(post(world.url(), '/api/contact/card', people.presiding, card));
    const banning = { address: visibility === 'private' ? '192.0.2.1' : '192.0.2.2', reason: 'Floods the questions.' };
    const { result: ban } = await must(post(world.url(), '/api/guard/ban', people.admin, banning));
    const naming = { provider: 'csv', name: 'Harbour Moot' };
    const { result: feed } = await must(post(world.url(), '/api/feed/create', people.admin, naming));
    await must(upload(world, feed.id));
    const { rows: runs } = await stack.pool.query('select id from feed_runs where feed_id = $1', [feed.id]);
    const { result: board } = await must(post(world.url(), '/api/board/create', people.admin));
    const { result: policy } = await must(post(world.url(), '/policies/create', people.admin, { rules: RULES }));
    const ofFeed = { feed_id: feed.id as string, run_id: runs[0].id as string, n: '987654321' };
    // As long as those that are invented.
    const provider_id = randomUUID();
    await stack.pool.query(
      `insert into feed_people (feed_id, provider_id, kind, name, user_id) values ($1, $2, 'speaker', 'A', gen_random_uuid())`,
      [feed.id, provider_id],
    );
    const { rows: signedIn } = await stack.pool.query(
      `insert into logins select gen_random_uuid(), $1, $2, now(), now(), now() + interval '1 hour' returning id`,
      [people.judge.id, institution_id],
    );
    await stack.pool.query(
      `insert into step_ups (login_id, user_id, institution_id, asked_at, asked_for, asked_by)
       values ($1, $2, $3, now() - interval '1 hour', 'turn.start', 'policy')`,
      [signedIn[0].id, people.judge.id, institution_id],
    );
    const { rows: found } = await stack.pool.query(
      `insert into threat_predictions (id, institution_id, type, found_by, subject_kind, subject, confidence, evidence)
       values (gen_random_uuid(), $1, 'brute_force_attack', 'brute_force', 'user', $2, 100, '{}') returning id`,
      [institution_id, session_id],
    );
    const own = {
      threat_id: found[0].id as string,
      login_id: signedIn[0].id as string,
      board_id: board.id as string,
      policy_id: policy.id as string,
      user_id: contact.id as string,
      provider_id,
      // Of an entry that is on the trail when all is hidden.
      entry_id: '',
    };
    const others = { ban_id: ban.id, ...ofFeed, ...own, match_id: assignment_id };
    const inside = { observation_id: observed.result.id, ...parts, ...others };
    return { session_id, assignment_id, ...inside, command_id, institution_id };
  }

  /** Every row that belongs to a tenant, but for matches, audit trails and counts: boards go on by themselves, and refusals are told and counted. */
  async function stored(): Promise<Json> {
    const { rows } = await stack.pool.query(
      `select oid::regclass as name from pg_class where relrowsecurity and relname !~ '^(match(es|_)|audit_|policy_(decisions|outcomes)$)'`,
    );
    const digests: Json = {};
    for (const { name } of rows) {
      const text = `select count(*)::integer, md5(string_agg(t::text, e'\\n' order by t::text)) from ${name} t
        where t::text !~ 'audit[:.]'`;
      digests[name] = (await stack.pool.query(text)).rows[0];
    }
    // That they were here is noted of all.
    return Object.fromEntries(Object.entries(digests).filter(([name]) => !name.startsWith('login')));
  }

  /** The answer without what names the request. */
  const shown = ({ status, headers, body }: Answer, ids: Ids) => ({
    status,
    headers: [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id'),
    body: Object.values(ids).reduce(
      (text, id) => text.replaceAll(id, '<id>'),
      JSON.stringify(withoutRequest(body)).toLowerCase(),
    ),
  });

  /** As long as those that there are. */
  const invented = (kind: string) => (kind === 'n' ? '123456789' : randomUUID());
  const inventedIds = (ids: Ids) => Object.fromEntries(Object.keys(ids).map((kind) => [kind, invented(kind)])) as Ids;

  test.each(routes)('learns nothing from $route', async (route) => {
    const before = await stored();
    const [method, path] = route.route.split(' ') as [string, string];

    async function attempt(given: Ids, { who, swap, isUpperCase, headers }: Json): Promise<[object, string[]]> {
      const ids = swap ? swapped(given) : given;
      const filled = path.replace(/:(\w+)/g, (_, kind: keyof Ids) =>
        isUpperCase ? ids[kind].toUpperCase() : ids[kind],
      );
      const body = method === 'POST' ? (BODIES[route.name]?.(ids, world) ?? {}) : undefined;
      sent = [];
      const type = FORMS[route.name];
      const all = { ...headers, ...(type && { 'content-type': type }) };
      const answer = await send(stack.url, method, filled, STRANGERS[who]!, body, all);
      return [shown(answer, given), sent];
    }

    await fc.assert(
      fc.asyncProperty(surroundings, async (around) => {
        const ids = hidden[around.visibility]!;
        const [found, foundSent] = await attempt(ids, around);
        const [missing, missingSent] = await attempt(inventedIds(ids), around);
        expect(found).toEqual(missing);
        expect(foundSent).toEqual(missingSent);
        const { status, code } = expectedOf(route, around.who);
        expect(found).toMatchObject({ status });
        if (code) expect(JSON.parse((found as Answer & { body: string }).body)).toMatchObject({ code });
        else expect(JSON.parse((found as Answer & { body: string }).body)).toEqual(NOTHING[route.name] ?? EMPTY);
      }),
      { numRuns: RUNS },
    );
    expect(await stored()).toEqual(before);
  });

  test('who is in scope is served with the same requests, so that the refusals above mean something', async () => {
    const { session_id, assignment_id, command_id } = hidden.private!;
    const { admin } = world.people;
    sent = [];
    for (const path of [`session/${session_id}`, `assignment/${assignment_id}`, `command/${command_id}`]) {
      expect((await get(stack.url, `/api/${path}`, admin)).status).toBe(200);
    }
    expect(sent.filter((text) => text === 'begin read only')).toHaveLength(3);
    await expectIntact(world.url(), session_id, admin);
  });
});

/** Each request has an id of its own. */
function withoutRequest({ request_id: _, ...body }: Json): Json {
  return body;
}
