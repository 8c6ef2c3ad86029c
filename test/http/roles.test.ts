/** Who may do what: every POST route for every kind of person, for each visibility of a session. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../src/modules.ts';
import { assignmentBody, get, must, type Person, person, post } from '../support/client.ts';
import { NAMES, openWorld, type World } from '../support/everybody.ts';
import { isEverything } from '../support/everything.ts';
import { FORM, field, file, formOf, PDF } from '../support/exhibits.ts';
import { RESULT } from '../support/matchFixture.ts';
import { makeTabMatch, NOBODY_THERE } from '../support/results.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

/** `ok`, or why not: `role` forbidden, `panel` not_on_panel, `roster` role_not_on_roster, `joined` not_joined,
 * `author` not_author, `host` not_host, `state` message_state, `presiding` not_presiding, `own` not_opposing, `raiser` not_raiser, `side` not_own_side, `erased` not_erasable. */
const WHO_MAY: { [visibility: string]: string } = {
  institution: `
    assignment.create   ok     ok     ok   role role   role   role role role role role   role   401
    contact.write       ok     ok     ok   ok   ok     ok     ok   ok   role role role   role   401
    contact.reveal      ok     ok     404  ok   ok     404    404  ok   role role role   role   401
    institution.settings ok    ok     404  role role   role   role role role role role   role   401
    tokens.revoke       ok     ok     ok   role role   role   role role role role role   role   401
    privacy.erase       ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     401
    login.terminate     ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     401
    login.terminate_others ok  ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     401
    login.confirm       ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     401
    feed.create         ok     ok     ok   role role   role   role role role role role   role   401
    feed.enable         ok     ok     404  role role   role   role role role role role   role   401
    feed.disable        ok     ok     404  role role   role   role role role role role   role   401
    feed.remove         ok     ok     404  role role   role   role role role role role   role   401
    feed.link           ok     ok     404  role role   role   role role role role role   role   401
    feed.settle         ok     ok     404  role role   role   role role role role role   role   401
    feed.invite         ok     ok     404  role role   role   role role role role role   role   401
    board.create        ok     ok     ok   role role   role   role role role role role   role   401
    board.revoke        ok     ok     404  role role   role   role role role role role   role   401
    policy.create       ok     ok     ok   role role   role   role role role role role   role   401
    policy.change       ok     ok     404  role role   role   role role role role role   role   401
    policy.rollback     ok     ok     404  role role   role   role role role role role   role   401
    policy.activate     ok     ok     404  role role   role   role role role role role   role   401
    policy.deactivate   ok     ok     404  role role   role   role role role role role   role   401
    policy.override     ok     ok     404  role role   role   role role role role role   role   401
    calendar.link       ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     401
    notices.prefer      ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     401
    notices.follow      ok     ok     404  ok   ok     ok     404  ok   ok   ok   ok     404    401
    notices.unfollow    ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     401
    match.result        ok     ok     404  role role   role   role role role role role   role   401
    guard.ban           ok     ok     ok   role role   role   role role role role role   role   401
    guard.unban         ok     ok     ok   role role   role   role role role role role   role   401
    guard.confirm       ok     ok     ok   role role   role   role role role role role   role   401
    assignment.substitute ok   ok     404  role role   role   role role role role role   role   401
    assignment.update   ok     ok     404  role role   role   role role role role role   role   401
    assignment.cancel   ok     ok     404  role role   role   role role role role role   role   401
    gallery.post        ok     ok     404  ok   ok     ok     404  ok   ok   ok   ok     404    401
    gallery.vote        ok     ok     404  ok   ok     ok     404  ok   ok   ok   ok     404    401
    gallery.report      ok     ok     404  ok   ok     ok     404  ok   ok   ok   ok     404    401
    gallery.withdraw    author author 404  author author author 404 author author author author 404 401
    gallery.approve     state  state  404  state host  host   404  state   role role role   role   401
    gallery.hide        ok     ok     404  ok   host   host   404  ok   role role role   role   401
    gallery.restore     ok     ok     404  ok   host   host   404  ok   role role role   role   401
    gallery.answer      ok     ok     404  ok   host   host   404  ok   role role role   role   401
    gallery.ban         ok     ok     404  ok   host   host   404  ok   role role role   role   401
    gallery.open        ok     ok     404  ok   host   host   404  ok   role role role   role   401
    gallery.close       ok     ok     404  ok   host   host   404  ok   role role role   role   401
    gallery.slow        ok     ok     404  ok   host   host   404  ok   role role role   role   401
    payload.erase       erased role   role role role   role   role role role role role   role   401
    recording.add       ok     ok     404  ok   ok     panel  404  role role role role   role   401
    session.create      ok     ok     404  ok   role   ok     404  role role role role   role   401
    session.start       ok     ok     404  ok   ok     panel  404  roster role role role   role   401
    session.pause       ok     ok     404  ok   ok     panel  404  roster role role role   role   401
    session.resume      ok     ok     404  ok   ok     panel  404  roster role role role   role   401
    session.complete    ok     ok     404  ok   ok     panel  404  role role role role   role   401
    session.log         ok     ok     404  ok   ok     panel  404  roster role role role   role   401
    session.join        roster roster 404  ok   ok     roster 404  ok   ok   ok   roster 404    401
    session.leave       joined joined 404  ok   ok     joined 404  ok   ok   ok   joined 404    401
    session.observe     ok     ok     404  ok   ok     ok     404  ok   ok   ok   ok     404    404
    session.unobserve   ok     ok     404  ok   ok     ok     404  ok   ok   ok   ok     404    404
    turn.plan            ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.start           ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.end             ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.reserve_rebuttal ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.waive_rebuttal ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.question        ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.take_over       ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.return          ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.void            ok     ok     404  ok   presiding panel 404 ok  role role role   role   401
    violation.record     ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    turn.extend         ok     ok     404  ok   presiding panel 404 roster role role role  role   401
    objection.raise     ok     ok     404  ok   ok     panel  404  role own  ok   roster 404    401
    objection.withdraw  raiser raiser 404  ok   raiser raiser 404  role raiser raiser raiser 404 401
    objection.rule      ok     ok     404  ok   presiding panel 404 roster role role role  role   401
    objection.correct   role   role   role ok   presiding panel 404 role role role role  role   401
    exhibit.upload      ok     ok     404  ok   ok     panel  404  ok   ok   side roster 404    401
    exhibit.mark        ok     ok     404  ok   ok     panel  404  ok   role role role   role   401
    exhibit.tender      ok     ok     404  ok   ok     panel  404  role ok   side roster 404    401
    exhibit.withdraw    ok     ok     404  ok   ok     panel  404  role ok   side roster 404    401
    exhibit.rule        ok     ok     404  ok   presiding panel 404 roster role role role  role   401
    exhibit.correct     role   role   role ok   presiding panel 404 role role role role  role   401`,
  private: `
    assignment.substitute ok   ok     404  role role   role   role role role role role   role   401
    recording.add       ok     ok     404  ok   ok     404    404  role role role role   role   401
    session.create      ok     ok     404  ok   role   404    404  role role role role   role   401
    session.start       ok     ok     404  ok   ok     404    404  roster role role role   role   401
    session.log         ok     ok     404  ok   ok     404    404  roster role role role   role   401
    session.join        roster roster 404  ok   ok     404    404  ok   ok   ok   404    404    401
    session.leave       joined joined 404  ok   ok     404    404  ok   ok   ok   404    404    401
    session.observe     ok     ok     404  ok   ok     404    404  ok   ok   ok   404    404    404
    session.unobserve   ok     ok     404  ok   ok     404    404  ok   ok   ok   404    404    404`,
  public: `
    assignment.cancel   ok     ok     role role role   role   role role role role role   role   401
    recording.add       ok     ok     role ok   ok     panel  panel role role role role  role   401
    session.create      ok     ok     role ok   role   ok     role role role role role   role   401
    session.start       ok     ok     role ok   ok     panel  panel roster role role role  role   401
    session.log         ok     ok     role ok   ok     panel  panel roster role role role  role   401
    session.join        roster roster roster ok ok     roster roster ok ok   ok   roster roster 401
    session.leave       joined joined joined ok ok     joined joined ok ok   ok   joined joined 401
    session.observe     ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     ok
    session.unobserve   ok     ok     ok   ok   ok     ok     ok   ok   ok   ok   ok     ok     ok`,
};

const ANSWERS: { [short: string]: string } = {
  ok: '200 applied',
  '401': '401 unauthenticated',
  '404': '404 not_found',
  role: '403 forbidden',
  panel: '403 not_on_panel',
  roster: '403 role_not_on_roster',
  joined: '409 not_joined',
  presiding: '403 not_presiding',
  own: '403 not_opposing',
  raiser: '403 not_raiser',
  side: '403 not_own_side',
  erased: '409 not_erasable',
  author: '403 not_author',
  host: '403 not_host',
  state: '409 message_state',
};

const CARD = { name: 'Judge Okafor', phone: '+14155552671', visible_to: ['judge', 'moderator'] };

const sheetOf = (courtroom: string) =>
  `id,round,title,courtroom,scheduled_at,petitioner,respondent,panel\nm1,1,,${courtroom},2027-03-01T09:30:00Z,A,B,Judge 1`;

const words = (text: string) => text.trim().split(/\s+/);

/**
 * What can be done once needs a session for each person who may, brought so far: a short run has one or two for each command, others
 * for the next. Refusals are all tried in any run, and permissions in all of the suite.
 */
function isTried(row: number, cells: readonly string[], at: number): boolean {
  const may = cells.flatMap((cell, i) => (cell === 'ok' ? [i] : []));
  const turn = may.indexOf(at);
  return isEverything || turn < 0 || (turn + row) % Math.ceil(may.length / 2) === 0;
}

describe.skipIf(isLeftOut)('who may do what', () => {
  let stack: Stack;
  let world: World;

  beforeAll(async () => {
    const ofFeeds = { FEED_RESULTS_BACK: 'true', FEED_ALLOWED_NETWORKS: '127.0.0.0/8' };
    stack = await startStack({ FEATURE_SESSION_RECORDING: 'true', ...ofFeeds });
    world = openWorld(stack);
    for (const name of ['admin', 'adminElsewhere']) {
      const who = world.everybody[name]!;
      await must(post(world.url(), `/api/institution/${who.institution_id}/settings`, who, { policies: true }));
    }
  });

  afterAll(() => stack.stop());

  interface Place {
    session_id: string;
    assignment_id: string;
  }

  /** What was done to a session, or 'nothing but scheduled', before a command that can be applied to it once. */
  const BEFORE: { [command: string]: string[] } = {
    'session.create': ['nothing but scheduled'],
    'session.start': [],
    'assignment.substitute': ['nothing but scheduled'],
    'assignment.cancel': ['nothing but scheduled'],
    'assignment.update': ['nothing but scheduled'],
    'recording.add': ['start'],
    'session.pause': ['start'],
    'session.resume': ['start', 'pause'],
    'session.complete': ['start'],
  };

  /** What the presiding judge does in a round before somebody sends the command, and the command's body. */
  type Turn = { turn_id: string };
  const START: [verb: string, more?: object] = ['turn/start', { speaker_id: '' }];
  const POINT: [verb: string, more?: object] = ['objection/raise', { ground: 'procedural' }];
  const ROUND: { [command: string]: { turn?: number; before: [verb: string, more?: object][]; body?: object } } = {
    'turn.plan': { before: [], body: { allotted_ms: 480_000 } },
    'turn.start': { before: [], body: { speaker_id: '' } },
    'turn.end': { before: [START] },
    'turn.extend': { before: [START], body: { extension_ms: 1 } },
    'turn.reserve_rebuttal': { turn: 4, before: [], body: { reserved_ms: 60_000 } },
    'turn.waive_rebuttal': { turn: 4, before: [['turn/reserve_rebuttal', { reserved_ms: 60_000 }]] },
    'turn.question': { before: [START], body: { phase: 'start' } },
    'turn.take_over': { before: [START] },
    'turn.return': { before: [START, ['turn/take_over']] },
    'turn.void': { before: [START], body: { reason: 'The wrong side.' } },
    'objection.raise': { before: [START], body: { ground: 'procedural' } },
    'objection.withdraw': { before: [START, POINT] },
    'objection.rule': { before: [START, POINT], body: { decision: 'sustained' } },
    'objection.correct': {
      before: [START, POINT],
      body: { decision: 'overruled', reason: 'Misheard.' },
    },
    'violation.record': { before: [], body: { user_id: '', kind: 'late', description: 'Late.' } },
  };

  const FORM_HEADERS = { 'content-type': FORM };
  const map = formOf(field('title', 'A map'), field('side', 'petitioner'), file(PDF));
  /** What becomes of an exhibit before somebody sends the command, and the command's body. */
  const EXHIBIT: { [command: string]: { before: string[]; body?: object } } = {
    'exhibit.mark': { before: [] },
    'exhibit.tender': { before: ['mark'] },
    'exhibit.withdraw': { before: ['mark', 'tender'] },
    'exhibit.rule': { before: ['mark', 'tender'], body: { decision: 'admitted' } },
    'exhibit.correct': {
      before: ['mark', 'tender', 'rule'],
      body: { decision: 'rejected', reason: 'It was the other map.' },
    },
  };

  /** What a clerk does for the presiding judge, and that judge too. */
  const byHand = (command: string) =>
    ['turn.extend', 'objection.rule', 'exhibit.rule'].includes(command) && { on_behalf_of: world.people.presiding.id };

  async function bringUpTo(command: string, path: string): Promise<[path: string, body: object]> {
    const { presiding, petitioner } = world.people;
    const { before, body } = EXHIBIT[command]!;
    const { items } = await must(get(world.url(), `${path}/turns`, presiding));
    const turn = { turn_id: items[0].id, speaker_id: petitioner.id };
    await must(post(world.url(), `${path}/turn/start`, presiding, turn));
    const uploader = person('super_admin');
    const { result } = await must(post(world.url(), `${path}/exhibit/upload`, uploader, map, FORM_HEADERS));
    const named = { exhibit_id: result.id };
    const admitting = { decision: 'admitted' };
    for (const verb of before) {
      await must(
        post(world.url(), `${path}/exhibit/${verb}`, presiding, { ...named, ...(verb === 'rule' && admitting) }),
      );
    }
    return [`${path}/${command.replace('.', '/')}`, { ...named, ...body, ...byHand(command) }];
  }

  async function playUpTo(command: string, path: string): Promise<[path: string, body: object]> {
    const { presiding, petitioner } = world.people;
    const { turn = 0, before, body = {} } = ROUND[command]!;
    const { items } = await must(get(world.url(), `${path}/turns`, presiding));
    const named: Turn = { turn_id: items[turn].id };
    const filled = (more: object = {}) =>
      Object.fromEntries(Object.entries(more).map(([field, value]) => [field, value === '' ? petitioner.id : value]));
    let last = '';
    for (const [verb, more] of before) {
      last = (await must(post(world.url(), `${path}/${verb}`, presiding, { ...named, ...filled(more) }))).result.id;
    }
    if (command === 'objection.correct') {
      const ruling = { objection_id: last, decision: 'sustained' };
      await must(post(world.url(), `${path}/objection/rule`, presiding, ruling));
    }
    const subject = /withdraw|rule|correct/.test(command) ? { objection_id: last } : named;
    return [`${path}/${command.replace('.', '/')}`, { ...subject, ...filled(body), ...byHand(command) }];
  }

  async function open(visibility: string, verbs: string[]): Promise<Place> {
    if (verbs[0] === 'nothing but scheduled')
      return { assignment_id: await world.schedule(visibility), session_id: '' };
    return world.open(visibility, ...verbs);
  }

  /** Commands whose preparation does not ask who sends them: refusals take nothing from each other and share it. */
  const OF_WHOEVER =
    /^(feed\.(enable|disable|remove|link|settle)|gallery\.(vote|report|withdraw|approve|hide|restore|answer|ban))$/;

  const shared = new Map<string, Promise<Place>>();
  /** Whoever will be refused, or takes nothing from others, shares a place with them. */
  function placeFor(command: string, visibility: string, isOk: boolean): Promise<Place> {
    const verbs = BEFORE[command] ?? [];
    if (isOk && BEFORE[command]) return open(visibility, verbs);
    const key = `${visibility} ${verbs}`;
    const place = shared.get(key) ?? open(visibility, verbs);
    shared.set(key, place);
    return place;
  }

  type Act = (
    path: string,
    who: Person | null,
    place: Place,
    visibility: string,
  ) => Promise<[path: string, body?: object | undefined, headers?: Record<string, string>]>;
  const verb =
    (name: string, body?: object): Act =>
    async (path) => [`${path}/${name}`, body];

  const RULE = { resource_type: 'turn.*', allowed_roles: ['admin', 'judge'], min_confidence: 60, step_up: false };
  const newPolicy = async () =>
    (await must(post(world.url(), '/policies/create', world.people.admin, { rules: [RULE] }))).result.id;
  const newFeed = async () =>
    (await must(post(world.url(), '/api/feed/create', world.people.admin, { provider: 'csv', name: 'Harbour Moot' })))
      .result.id as string;
  /** One with a person and a conflict. */
  const fedFeed = async () => {
    const id = await newFeed();
    const admin = world.people.admin;
    const upload = (courtroom: string) =>
      must(post(world.url(), `/api/feed/${id}/upload`, admin, sheetOf(courtroom), { 'content-type': 'text/csv' }));
    const { create } = await upload('Room 1');
    const changing = { courtroom: 'Courtroom 7' };
    await must(post(world.url(), `/api/assignment/${create[0].assignment_id}/update`, admin, changing));
    await upload('Hall 1');
    return id;
  };
  /** A super_admin says for which institution. */
  const homeOf = (who: Person | null) =>
    who === world.everybody.superAdmin ? { institution_id: world.people.institution_id } : {};

  const bannedKey = () => ({ key: randomUUID(), reason: 'Insults.' });
  /** A ban of a key of its own, where that person may ban. */
  const banned = async (who: Person | null) => {
    const banning = bannedKey();
    await post(world.url(), '/api/guard/ban', who, banning);
    return banning;
  };
  const SAYING = { text: 'Why is that so?', category: 'question' };
  /** A message of a stranger to all of them, hidden where it is to be shown again. */
  const onMessage =
    (name: string, more: object = {}): Act =>
    async (path) => {
      const root = person('super_admin');
      const { result } = await must(post(world.url(), `${path}/gallery/post`, root, SAYING));
      const message_id = result.id as string;
      if (name === 'restore') await must(post(world.url(), `${path}/gallery/hide`, root, { message_id }));
      return [`${path}/gallery/${name}`, { message_id, ...more }];
    };

  const ACTS: { [command: string]: Act } = {
    'exhibit.upload': async (path) => [`${path}/exhibit/upload`, map, FORM_HEADERS],
    'assignment.create': async (_, who, __, visibility) => {
      const institution_id = who?.institution_id ?? world.people.institution_id;
      return ['/api/assignment/create', assignmentBody(world.people, { visibility, institution_id })];
    },
    'session.create': async (_, __, { assignment_id }) => ['/api/session/create', { assignment_id }],
    'assignment.substitute': async (_, __, { assignment_id }) => [
      `/api/assignment/${assignment_id}/substitute`,
      { user_id: world.people.judge.id, replacement: { user_id: randomUUID(), name: 'Judge Mbeki' } },
    ],
    'assignment.update': async (_, __, { assignment_id }) => [
      `/api/assignment/${assignment_id}/update`,
      { courtroom: 'Courtroom 2' },
    ],
    'assignment.cancel': async (_, __, { assignment_id }) => [
      `/api/assignment/${assignment_id}/cancel`,
      { reason: 'Snow.' },
    ],
    'recording.add': verb('recording', { url: 'https://recordings.example/r/1' }),
    'session.start': verb('start'),
    'session.pause': verb('pause'),
    'session.resume': verb('resume'),
    'session.complete': verb('complete'),
    'session.log': verb('log', { event_type: 'NOTE', details: {} }),
    'session.join': async (path, who) => [`${path}/join`, { role: world.rosterRole(who) }],
    'session.leave': async (path, who) => {
      if (who) await post(world.url(), `${path}/join`, who, { role: world.rosterRole(who) });
      return [`${path}/leave`];
    },
    'session.observe': verb('observe'),
    'gallery.post': verb('gallery/post', SAYING),
    'gallery.vote': onMessage('vote'),
    'gallery.report': onMessage('report'),
    'gallery.withdraw': onMessage('withdraw'),
    'gallery.approve': onMessage('approve'),
    'gallery.hide': onMessage('hide'),
    'gallery.restore': onMessage('restore'),
    'gallery.answer': onMessage('answer'),
    'gallery.ban': onMessage('ban', { reason: 'Insults counsel.' }),
    'gallery.open': verb('gallery/open'),
    'gallery.close': verb('gallery/close'),
    'gallery.slow': verb('gallery/slow', { seconds: 0 }),
    'payload.erase': verb('erase', { event_sequence: 1, reason: 'mistake' }),
    'institution.settings': async () => [
      `/api/institution/${world.people.institution_id}/settings`,
      { telemetry: true },
    ],
    'contact.write': async () => ['/api/contact/card', CARD],
    'contact.reveal': async () => {
      const { id } = world.people.presiding;
      await must(post(world.url(), '/api/contact/card', world.people.presiding, CARD));
      return [`/api/contact/${id}/reveal`];
    },
    'feed.create': async (_, who) => ['/api/feed/create', { provider: 'csv', name: 'Harbour Moot', ...homeOf(who) }],
    'feed.enable': async () => [`/api/feed/${await newFeed()}/enable`],
    'feed.disable': async () => [`/api/feed/${await newFeed()}/disable`],
    'feed.remove': async () => [`/api/feed/${await newFeed()}/remove`],
    'feed.link': async () => {
      const feed_id = await fedFeed();
      return [`/api/feed/${feed_id}/people/link`, { provider_id: 'judge 1', user_id: randomUUID() }];
    },
    'feed.invite': async () => [`/api/feed/${await fedFeed()}/people/judge%201/invite`],
    'match.result': async () => {
      const { match_id } = await makeTabMatch(stack, world.people.admin, NOBODY_THERE);
      return [`/api/match/${match_id}/result`, RESULT];
    },
    'feed.settle': async () => [`/api/feed/${await fedFeed()}/conflict/1`, { take: 'ours' }],
    'board.create': async (_, who) => ['/api/board/create', homeOf(who)],
    'board.revoke': async () => {
      const { result } = await must(post(world.url(), '/api/board/create', world.people.admin));
      return [`/api/board/${result.id}/revoke`];
    },
    'policy.create': async (_, who) => ['/policies/create', { rules: [RULE], ...homeOf(who) }],
    'policy.change': async () => [`/policies/${await newPolicy()}/change`, { rules: [RULE] }],
    'policy.rollback': async () => {
      const id = await newPolicy();
      await must(post(world.url(), `/policies/${id}/change`, world.people.admin, { rules: [RULE] }));
      return [`/policies/${id}/rollback`, { version: 1 }];
    },
    'policy.activate': async () => [`/policies/${await newPolicy()}/activate`, { mode: 'observe' }],
    'policy.deactivate': async () => [`/policies/${await newPolicy()}/deactivate`],
    'policy.override': async (_, __, { session_id }) => [
      `/policies/${await newPolicy()}/override`,
      { session_id, user_id: world.people.petitioner.id, reason: 'A new network.' },
    ],
    'calendar.link': async (_, who) => [`/api/person/${who?.id ?? randomUUID()}/calendar`],
    'notices.prefer': async () => ['/notifications/preferences', { ruling: false }],
    'notices.follow': async (path) => ['/follow', { session_id: path.split('/').at(-1)! }],
    'notices.unfollow': async () => ['/unfollow', { team: 'Harbour' }],
    'guard.ban': async () => ['/api/guard/ban', bannedKey()],
    'guard.unban': async (_, who) => ['/api/guard/unban', await banned(who)],
    'guard.confirm': async (_, who) => ['/api/guard/confirm', await banned(who)],
    'login.terminate': async (_, who) => {
      const { rows } = await stack.pool.query(
        `insert into logins select gen_random_uuid(), $1, $2, now(), now(), now() + interval '1 hour' returning id`,
        [who?.id ?? randomUUID(), who?.institution_id ?? null],
      );
      return [`/auth/sessions/${rows[0].id}/terminate`, { reason: 'A laptop was stolen.' }];
    },
    'login.confirm': async (_, who) => {
      const { rows } = await stack.pool.query(
        `insert into step_ups (login_id, user_id, asked_at, asked_for, asked_by)
         values (gen_random_uuid(), $1, now() - interval '1 hour', 'turn.start', 'policy') returning login_id`,
        [who?.id ?? randomUUID()],
      );
      return [`/auth/sessions/${rows[0].login_id}/confirm`];
    },
    'privacy.erase': async () => ['/privacy/erase'],
    'login.terminate_others': async () => ['/auth/sessions/terminate-others', { reason: 'Signed out everywhere.' }],
    'tokens.revoke': async () => ['/ops/tokens/revoke', { jti: 'of nobody' }],
    'session.unobserve': async (path, who) => {
      const own = await post(world.url(), `${path}/observe`, who);
      const { id } = own.body.result ?? (await must(post(world.url(), `${path}/observe`, world.people.admin))).result;
      return [`${path}/observe/${id}/leave`];
    },
  };

  const rows = Object.entries(WHO_MAY).flatMap(([visibility, grid]) =>
    grid
      .trim()
      .split('\n')
      .map((line, row) => ({ visibility, command: words(line)[0]!, cells: words(line).slice(1), row })),
  );

  test.each(rows)('$command, visibility $visibility', async ({ visibility, command, cells, row }) => {
    const reach = EXHIBIT[command] ? bringUpTo : ROUND[command] && playUpTo;
    const reachAnew = async () => {
      const { session_id } = await open(visibility, ['start']);
      return reach!(command, `/api/session/${session_id}`);
    };
    const isRefused = (cell: string | undefined) => cell !== 'ok';
    const isOnce = reach !== undefined || command in BEFORE;
    let prepared: ReturnType<Act> | undefined;
    const tried = NAMES.filter((_, i) => !isOnce || isTried(row, cells, i));
    const reached = reach && cells.some(isRefused) ? reachAnew() : undefined;
    const answers = await Promise.all(
      tried.map(async (name) => {
        const i = NAMES.indexOf(name);
        const who = world.everybody[name]!;
        const act = async () => {
          const place = await placeFor(command, visibility, cells[i] === 'ok');
          const prepare = () => ACTS[command]!(`/api/session/${place.session_id}`, who, place, visibility);
          if (!isRefused(cells[i]) || !OF_WHOEVER.test(command)) return prepare();
          prepared ??= prepare();
          return prepared;
        };
        const [path, body, headers] = await (reach ? (isRefused(cells[i]) ? reached! : reachAnew()) : act());
        const { status, body: answer } = await post(world.url(), path, who, body, headers);
        return [name, `${status === 201 ? 200 : status} ${answer.code ?? answer.status}`];
      }),
    );
    const expected = tried.map((name) => [name, ANSWERS[cells[NAMES.indexOf(name)]!]]);
    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(expected));
  });

  test('the first table speaks of every command there is', () => {
    const spoken = rows.filter(({ visibility }) => visibility === 'institution').map(({ command }) => command);
    expect(spoken.sort()).toEqual(commands.map(({ name }) => name).sort());
  });

  test('a redrive is for super_admins, of a command that is dead', async () => {
    const { command_id } = await must(
      post(world.url(), '/api/assignment/create', world.people.admin, assignmentBody(world.people)),
    );
    for (const name of NAMES) {
      const { status, body } = await post(world.url(), `/api/command/${command_id}/redrive`, world.everybody[name]!);
      const expected = { superAdmin: '409 not_dead', nobody: '401 unauthenticated' }[name] ?? '403 forbidden';
      expect(`${name} ${status} ${body.code}`).toBe(`${name} ${expected}`);
    }
    const unknown = await post(world.url(), `/api/command/${randomUUID()}/redrive`, world.everybody.superAdmin!);
    expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test('an admin schedules nothing in another institution, and a super_admin says in which', async () => {
    const { adminElsewhere, superAdmin } = world.everybody;
    const create = (who: Person, changes: object) =>
      post(world.url(), '/api/assignment/create', who, assignmentBody(world.people, changes));
    const { institution_id } = world.people;
    expect(await create(adminElsewhere!, { institution_id })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await create(superAdmin!, {})).toMatchObject({
      status: 422,
      body: { code: 'validation_failed', errors: [{ pointer: '/institution_id' }] },
    });
    expect((await create(superAdmin!, { institution_id })).body.result).toMatchObject({ institution_id });
  });

  test('somebody else ends no observation of mine', async () => {
    const path = `/api/session/${(await world.open('public')).session_id}/observe`;
    const { result } = await must(post(world.url(), path, world.people.student));
    for (const who of [null, world.people.petitioner, world.people.admin, world.everybody.superAdmin!]) {
      expect((await post(world.url(), `${path}/${result.id}/leave`, who)).status).toBe(404);
    }
    expect((await post(world.url(), `${path}/${result.id}/leave`, world.people.student)).status).toBe(200);
    expect((await post(world.url(), `${path}/${result.id}/leave`, world.people.student)).body.code).toBe('not_joined');
  });

  test('a session that was never created cannot be changed', async () => {
    for (const verb of ['start', 'pause', 'resume', 'complete']) {
      const answer = await post(world.url(), `/api/session/${randomUUID()}/${verb}`, world.everybody.superAdmin!);
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });
});
