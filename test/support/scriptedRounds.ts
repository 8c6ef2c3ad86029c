/**
 * Rounds whose ids and times are fixed, so that the same commands record the same events again. Together they record
 * every type of event that there is; what they recorded once is kept in test/histories and never written again.
 */

import { expect } from 'vitest';
import { ENTRY_TYPES } from '../../src/audit/entry.ts';
import { commandIdOf } from '../../src/core/chain/ids.ts';
import type { EventRow } from '../../src/core/chain/ledger.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { openFoldedCourt } from './foldedCourt.ts';
import { authorOf, hallOf } from './hall.ts';
import {
  admin,
  bailiff,
  INSTITUTION,
  judge,
  MATCH,
  match,
  outsideJudge,
  petitioner,
  presiding,
  RESULT,
  respondent,
  student,
  superAdmin,
  system,
} from './matchFixture.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOURS_12 = 12 * 60 * MINUTE;

type Round = ReturnType<typeof open>;

/** By the name of the history that keeps what is recorded. */
const ROUNDS: Record<string, (round: Round) => void> = {
  '0.1.0-hearing': playHearing,
  '0.1.0-trial': playTrial,
  '0.1.0-called-off': callOff,
  '0.1.0-left-open': leaveOpen,
  '0.2.0-voided': startWrongly,
  '0.2.0-corrected': ruleWrongly,
  '0.2.0-moved': move,
  '0.2.0-erased': eraseEntry,
  '0.2.0-institution': chooseSettings,
  '0.2.0-gallery': speakBeside,
  '0.2.0-contact': revealTwice,
  '0.2.0-banned': banAndLift,
  '0.2.0-fed': switchFeed,
  '0.2.0-ended': banAndErase,
  '0.2.0-settled': linkAndSettle,
  '0.2.0-boards': openToAll,
  '0.2.0-results': inviteAndSendBack,
  '0.2.0-audited': audit,
  '0.2.0-policies': changeAndRollBack,
};

export const scriptedRounds = Object.keys(ROUNDS);

/** Plays the round anew. @returns its events in the order in which they were recorded; only salts and hashes differ, and what is made of hashes */
export function playScripted(name: string): EventRow[] {
  const round = open(scriptedRounds.indexOf(name));
  ROUNDS[name]!(round);
  round.court.expectFolded();
  return round.court.rows;
}

function open(place: number) {
  let count = 0;
  const newId = (now_ms: number) => {
    count += 1;
    const time = now_ms.toString(16).padStart(12, '0');
    const tail = `${place.toString(16).padStart(4, '0')}${count.toString(16).padStart(4, '0')}0000`;
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
  };
  const named = { assignment_id: newId(0), session_id: newId(0) };
  const court = openFoldedCourt({ ...structuredClone(match), institution_id: INSTITUTION }, { newId, ...named });

  function applied({ status, result, problem }: ReturnType<typeof court.send>): any {
    if (status !== 'applied') throw new Error(JSON.stringify(problem));
    court.wait(SECOND);
    return result;
  }

  const act = (name: string, body: JsonObject = {}, actor: Actor = presiding, file?: number) =>
    applied(court.send(name, body, actor, file === undefined ? undefined : fileOf(file)));
  const actOnMatch = (name: string, body: JsonObject) => applied(court.sendOfMatch(name, body, admin));
  const turn = (n: number) => ({ turn_id: court.session().turns[n - 1]!.id });
  return { court, act, actOnMatch, turn };
}

const fileOf = (n: number) => ({ sha256: `${n}`.repeat(64), size_bytes: n, media_type: 'application/pdf' });

/** Comings and goings, words and pauses, and a recording. */
function playHearing({ court, act }: Round): void {
  const seat = { user_id: petitioner.id };
  act('session.join', { role: 'petitioner', client_info: { agent: 'tablet' } }, petitioner);
  act('session.join', { role: 'judge' });
  act('session.start');
  act('session.log', { event_type: 'BENCH_NOTE', details: { text: 'Größe — 😀', nested: { b: [1, null], a: true } } });
  act('participant.await', seat, system);
  act('participant.reconnect', seat, system);
  act('participant.await', seat, system);
  court.wait(30 * SECOND);
  act('participant.lose', seat, system);
  act('session.join', { role: 'petitioner' }, petitioner);
  act('session.pause', { reason: 'Recess' });
  act('session.resume');
  act('session.leave', {}, petitioner);
  act('session.complete', { recording_url: 'https://recordings.example/r/1' });
  act('recording.add', { url: 'https://recordings.example/r/2', title: 'Camera 1' });
}

/** All that people can do to a turn, an objection, an exhibit and a roster; one exhibit waits for its ruling at the end. */
function playTrial({ court, act, actOnMatch, turn }: Round): void {
  act('session.join', { role: 'moderator' }, bailiff);
  act('session.start');
  act('turn.reserve_rebuttal', { ...turn(5), reserved_ms: 2 * MINUTE }, bailiff);
  act('turn.plan', { ...turn(1), allotted_ms: 7 * MINUTE });
  act('turn.start', { ...turn(1), speaker_id: petitioner.id });
  act('turn.question', { ...turn(1), phase: 'start', judge_id: judge.id });
  act('turn.question', { ...turn(1), phase: 'end' });
  act('turn.extend', { ...turn(1), extension_ms: SECOND });
  const ground = { ...turn(1), ground: 'misrepresentation' };
  const { id: ruled } = act('objection.raise', { ...ground, reason: 'Page 3.' }, respondent);
  act('objection.rule', { objection_id: ruled, decision: 'sustained', ruling: 'Rephrase.' });
  const { id: withdrawn } = act('objection.raise', ground, respondent);
  act('objection.withdraw', { objection_id: withdrawn }, respondent);
  act('turn.take_over', turn(1));
  act('turn.return', turn(1));
  presentExhibits({ act });
  court.wait(6 * MINUTE);
  act('turn.end', turn(1));
  const { id: rest } = act('turn.plan', { continues: turn(1).turn_id }, bailiff);
  act('turn.start', { turn_id: rest, speaker_id: petitioner.id });
  act('turn.end', { turn_id: rest });
  act('turn.waive_rebuttal', turn(5));
  act('turn.start', { ...turn(3), speaker_id: respondent.id });
  const { id: reserved } = act('objection.raise', { ...turn(3), ground: 'procedural' }, petitioner);
  act('objection.rule', { objection_id: reserved, decision: 'reserved' });
  act('violation.record', { ...turn(3), user_id: respondent.id, kind: 'late', description: 'Ten minutes late.' });
  act('turn.end', turn(3));
  actOnMatch('assignment.substitute', {
    user_id: bailiff.id,
    replacement: { user_id: student.id, name: 'Noor Haddad' },
    reason: 'Taken ill.',
  });
  act('objection.rule', { objection_id: reserved, decision: 'overruled' });
  act('session.complete', { skip_turns: true });
}

function presentExhibits({ act }: Pick<Round, 'act'>): void {
  const upload = (n: number, side: string): JsonObject => ({
    exhibit_id: act('exhibit.upload', { title: `Exhibit ${n}`, side }, bailiff, n).id,
  });
  upload(1, 'petitioner');
  const [map, letter, film] = [upload(2, 'petitioner'), upload(3, 'respondent'), upload(4, 'petitioner')];
  for (const exhibit of [map, letter, film]) act('exhibit.mark', exhibit, bailiff);
  for (const exhibit of [map, letter]) act('exhibit.tender', exhibit, bailiff);
  act('exhibit.rule', { ...map, decision: 'rejected', ruling: 'No foundation.' });
  act('exhibit.tender', map, bailiff);
  act('exhibit.rule', { ...map, decision: 'admitted' });
  act('exhibit.withdraw', film, bailiff);
}

/** Somebody waits for a session that does not begin; then the match is called off. */
function callOff({ court, act, actOnMatch }: Round): void {
  act('session.join', { role: 'petitioner' }, petitioner);
  court.wait(HOURS_12);
  act('participants.expire', {}, system);
  act('session.join', { role: 'respondent' }, respondent);
  actOnMatch('assignment.cancel', { reason: 'Snow.' });
}

/** Time runs out, a ruling is awaited, and nobody ends the session. */
function leaveOpen({ court, act, turn }: Round): void {
  act('session.start');
  act('turn.start', { ...turn(1), speaker_id: petitioner.id });
  const { id: objection_id } = act('objection.raise', { ...turn(1), ground: 'procedural' }, respondent);
  act('objection.rule', { objection_id, decision: 'reserved' });
  court.wait(HOURS_12);
  act('session.lapse', {}, system);
}

/** The wrong side is called first, and the right one has the floor for a moment only. */
function startWrongly({ court, act, turn }: Round): void {
  const speaker_id = petitioner.id;
  act('session.start');
  act('turn.start', { ...turn(3), speaker_id: respondent.id });
  act('turn.void', { ...turn(3), reason: 'The petitioner begins.' }, bailiff);
  act('turn.start', { ...turn(1), speaker_id });
  court.wait(MINUTE);
  act('turn.end', turn(1));
  act('turn.plan', { continues: turn(1).turn_id }, bailiff);
  const { replacement } = act('turn.void', { ...turn(1), reason: 'Counsel was taken ill.' });
  act('turn.start', { turn_id: replacement.id, speaker_id });
  act('turn.end', { turn_id: replacement.id });
  act('session.complete', { skip_turns: true });
}

/** The bench rules by a clerk's hand, and wrongly. */
function ruleWrongly({ court, act, turn }: Round): void {
  const on_behalf_of = presiding.id;
  act('session.start');
  act('turn.start', { ...turn(1), speaker_id: petitioner.id });
  act('turn.extend', { ...turn(1), extension_ms: SECOND, on_behalf_of }, admin);
  const { id: objection_id } = act('objection.raise', { ...turn(1), ground: 'procedural' }, respondent);
  act('objection.rule', { objection_id, decision: 'sustained', ruling: 'Rephrase.', on_behalf_of }, admin);
  act('objection.correct', { objection_id, decision: 'overruled', ruling: 'Go on.', reason: 'Misheard.' });
  const exhibit = { exhibit_id: act('exhibit.upload', { title: 'A map', side: 'petitioner' }, bailiff, 1).id };
  act('exhibit.mark', exhibit, bailiff);
  act('exhibit.tender', exhibit, petitioner);
  act('exhibit.rule', { ...exhibit, decision: 'admitted', ruling: 'Let it in.', on_behalf_of }, admin);
  act('exhibit.correct', { ...exhibit, decision: 'rejected', reason: 'It was the other map.' });
  court.wait(MINUTE);
  act('turn.end', turn(1));
  act('session.complete', { skip_turns: true });
}

/** The match is moved while its session waits, and its moderator runs it. */
function move({ act, actOnMatch }: Round): void {
  const changes = { title: 'Meridian v. Port', courtroom: 'Courtroom 2', scheduled_at: '2026-11-22T10:00:00.000Z' };
  actOnMatch('assignment.update', { ...changes, visibility: 'public', format: 'amta', moderators_run: true });
  act('session.start', {}, bailiff);
  act('session.complete');
}

/** An entry is erased, and then the session goes on to its end. */
function eraseEntry({ court, act }: Round): void {
  act('session.start');
  act('session.log', { event_type: 'BENCH_NOTE', details: { text: 'The witness is Ada Petrova.' } });
  const entry = court.rows.at(-1)!;
  const { sequence: event_sequence } = entry;
  const sent = court.send('payload.erase', { event_sequence, reason: 'personal_data' }, superAdmin, undefined, entry);
  if (sent.status !== 'applied') throw new Error(JSON.stringify(sent.problem));
  Object.assign(entry, { payload: null, payload_salt: null });
  act('session.complete');
}

/** An admin sets what holds for the institution, twice. */
function chooseSettings({ court }: Round): void {
  const choose = (settings: JsonObject) => {
    const { status } = court.sendApart('institution.settings', { institution_id: INSTITUTION, ...settings }, admin);
    expect(status).toBe('applied');
    court.wait(SECOND);
  };
  choose({ time_zone: 'Europe/Berlin', telemetry: true, policies: true });
  choose({ auto_terminate: true, guard_tells: false, gallery_names: false });
}

/** Spectators speak in the break, one of them too loudly. */
function speakBeside({ court, act, actOnMatch }: Round): void {
  actOnMatch('assignment.update', { gallery: 'breaks' });
  act('session.start');
  act('session.pause', { reason: 'Recess' });
  const say = (name: string, body: JsonObject, actor: Actor = admin) => {
    const input = { ...body, session_id: court.session().id, author: authorOf(actor) };
    const { status, result, problem } = court.sendApart(`gallery.${name}`, input, actor, hallOf());
    if (status !== 'applied') throw new Error(JSON.stringify(problem));
    court.wait(MINUTE);
    return { message_id: result.id as string };
  };
  const question = say('post', { text: 'Does the treaty bind the harbour?', category: 'question' }, student);
  say('vote', question, outsideJudge);
  const comment = say('post', { text: 'Counsel is late again.', category: 'comment' }, outsideJudge);
  say('report', { ...comment, reason: 'Unkind.' }, student);
  say('hide', { ...comment, reason: 'Unkind, indeed.' });
  say('restore', { ...comment, reason: 'It was a joke.' });
  say('withdraw', comment, outsideJudge);
  const held = court.sendApart(
    'gallery.post',
    { text: 'Who is next?', category: 'question', session_id: court.session().id, author: authorOf(student) },
    student,
    hallOf({ moderation: 'before' }),
  );
  say('approve', { message_id: held.result.id });
  say('answer', question);
  say('slow', { seconds: 120 });
  say('ban', { message_id: held.result.id, reason: 'Asks for ever.', hours: 24 });
  say('close', { reason: 'The bench is back.' });
  say('open', {});
  const posts = court.rows.filter(({ event_type }) => event_type === 'SESSION_GALLERY_POSTED');
  const due = posts.map(({ payload, sequence: event_sequence, payload_commitment }) => {
    const { message_id } = JSON.parse(payload!);
    return { message_id, event_sequence, payload_commitment };
  });
  const lapsing = { session_id: court.session().id, before: court.now(), from: 1 };
  const { status } = court.sendApart('gallery.erase', lapsing, system, due);
  if (status !== 'applied') throw new Error(status);
  for (const post of posts) Object.assign(post, { payload: null, payload_salt: null });
}

/** A judge's card is written, revealed, written anew and revealed again. */
function revealTwice({ court }: Round): void {
  const commitment = 'ab'.repeat(32);
  const write = (kept: JsonObject) =>
    court.sendApart('contact.write', { user_id: presiding.id, commitment, ...kept }, presiding).status;
  const reveal = () => {
    court.wait(SECOND);
    const { details_id } = JSON.parse(court.rows.at(-1)!.payload!) as { details_id: string };
    const kept = new Map([[details_id, commitment]]);
    return court.sendApart('contact.reveal', { user_id: presiding.id }, bailiff, kept).status;
  };
  const sent = [write({ visible_to: ['moderator'], fields: ['email', 'phone'] }), reveal()];
  sent.push(write({ visible_to: ['judge', 'moderator'], fields: ['phone'] }), reveal());
  expect(sent).toEqual(Array(4).fill('applied'));
}

/** A rule bans a browser twice, and an admin has another look at it. */
function banAndLift({ court }: Round): void {
  const value = 'ab'.repeat(32);
  const act = (verb: string, input: JsonObject, actor: Actor) => {
    const { status } = court.sendApart(`guard.${verb}`, { owner: INSTITUTION, ...input }, actor);
    expect(status).toBe('applied');
    court.wait(SECOND);
  };
  act('enforce', { subject: 'key', value, rule: 'honeypot' }, system);
  act('enforce', { subject: 'key', value, rule: 'honeypot' }, system);
  act('confirm', { key: value, reason: 'Seen, and rightly so.', hours: 2 }, admin);
  act('unban', { key: value, reason: 'It was autofill.' }, admin);
}

/** A feed is named, switched off and on, and removed. */
function switchFeed({ court }: Round): void {
  const act = (verb: string, input: JsonObject) => {
    const { status, result } = court.sendApart(`feed.${verb}`, input, admin);
    expect(status).toBe('applied');
    court.wait(SECOND);
    return result;
  };
  const site = { base_url: 'https://tab.example.org', tournament: 'harbour2026', secret_ref: 'tab' };
  const facts = { provider: 'tabbycat', name: 'Harbour Moot', visibility: 'institution', ...site };
  const { id: feed_id } = act('create', { ...facts, institution_id: INSTITUTION });
  for (const verb of ['disable', 'enable', 'remove']) act(verb, { feed_id, owner: INSTITUTION });
}

/** Two bans end and are erased, of a third there is no room for all; then the browser is banned again. */
function banAndErase({ court }: Round): void {
  // Another institution: all histories are stored in one database.
  const owner = '018f3c1e-7b2a-7c11-9d0e-0000000000a1';
  const [value, other, third] = ['ab', 'cd', 'ef'].map((pair) => pair.repeat(32)) as [string, string, string];
  const act = (verb: string, input: JsonObject, actor: Actor, fact?: object[]) => {
    const { status } = court.sendApart(`guard.${verb}`, { owner, ...input }, actor, fact);
    expect(status).toBe('applied');
    court.wait(SECOND);
    return court.rows.at(-1)!;
  };
  const first = act('enforce', { subject: 'key', value, rule: 'honeypot' }, system);
  const lifted = act('unban', { key: value, reason: 'It was autofill.' }, admin);
  const second = act('ban', { key: other, reason: 'Insults counsel.', hours: 2 }, admin);
  const last = act('ban', { key: third, reason: 'Shouts.', hours: 2 }, admin);
  const confirmed = act('confirm', { key: third, reason: 'Seen.', hours: 3 }, admin);
  const dueOf = (row: EventRow, of: EventRow, events: EventRow[], more: JsonObject) => ({
    ...{ ban_id: commandIdOf(of.event_id), events: events.map(({ sequence }) => sequence), ...more },
    ...{ event_sequence: row.sequence, payload_commitment: row.payload_commitment },
  });
  const untilOf = (row: EventRow) => JSON.parse(row.payload!).until as string;
  const ended = { subject: 'key', rule: 'person', lifted_at: null };
  const ofFirst = { subject: 'key', rule: 'honeypot', until: untilOf(first), lifted_at: lifted.occurred_at };
  const due = [
    ...[first, lifted].map((row) => dueOf(row, first, [first, lifted], ofFirst)),
    dueOf(second, second, [second], { ...ended, until: untilOf(second) }),
    dueOf(last, last, [last, confirmed], { ...ended, until: untilOf(confirmed) }),
  ];
  act('erase', { before: court.now() }, system, due);
  for (const row of [first, lifted, second, last]) Object.assign(row, { payload: null, payload_salt: null });
  act('enforce', { subject: 'key', value, rule: 'honeypot' }, system);
}

/** A person of a site is linked, and a conflict is settled. */
function linkAndSettle({ court }: Round): void {
  const act = (verb: string, input: JsonObject, fact?: unknown) => {
    const { status, result } = court.sendApart(`feed.${verb}`, input, admin, fact);
    expect(status).toBe('applied');
    court.wait(SECOND);
    return result;
  };
  const facts = { provider: 'csv', name: 'School Moot', visibility: 'public', institution_id: INSTITUTION };
  const { id: feed_id } = act('create', facts);
  act('link', { feed_id, provider_id: 'ada petrova', user_id: petitioner.id }, true);
  const conflict = { assignment_id: court.session().assignment_id, debate: 'm1', field: 'courtroom', theirs: 'Hall 9' };
  act('settle', { feed_id, n: '1', take: 'ours' }, { ...conflict, base: null });
}

/** A board is made and revoked, and a person asks for the link of a calendar. */
function openToAll({ court }: Round): void {
  const act = (name: string, input: JsonObject, actor: Actor) => {
    const { status, result } = court.sendApart(name, input, actor);
    expect(status).toBe('applied');
    court.wait(SECOND);
    return result;
  };
  const secret_hash = 'ab'.repeat(32);
  const board = { institution_id: INSTITUTION, name: 'Foyer', days: 90, secret_hash };
  const { id: board_id } = act('board.create', board, admin);
  act('board.revoke', { board_id, owner: INSTITUTION }, admin);
  const { id: user_id } = petitioner;
  act('calendar.link', { user_id, owner: user_id, secret_hash }, petitioner);
}

/** A person of a site is invited; a result that was handed in is refused there, and another one arrives. */
function inviteAndSendBack({ court }: Round): void {
  const act = (name: string, input: JsonObject, actor: Actor, fact?: unknown) => {
    const { status, result } = court.sendApart(name, input, actor, fact);
    expect(status).toBe('applied');
    court.wait(SECOND);
    return result;
  };
  const facts = { provider: 'tabbycat', name: 'Harbour Moot', visibility: 'public', institution_id: INSTITUTION };
  const site = { base_url: 'https://tab.example.org', tournament: 'harbour2026', secret_ref: 'tab' };
  const { id: feed_id } = act('feed.create', { ...facts, ...site }, admin);
  const person = { kind: 'speaker', name: 'Ada Petrova', user_id: petitioner.id, is_linked: false, was_invited: false };
  act('feed.invite', { feed_id, provider_id: '5001', secret_hash: 'ab'.repeat(32) }, admin, person);
  const origin = { institution_id: INSTITUTION, provider: 'tabbycat', feed_id, provider_id: '10001', round: 1 };
  const hand = () =>
    act('match.result', { match_id: MATCH, owner: INSTITUTION, ...RESULT }, admin, { ...origin, is_enabled: true }).id;
  const settle = (ending: JsonObject) =>
    act('match.settle', { match_id: MATCH, ballot_id: null, why: null, ...ending }, system);
  settle({ result_id: hand(), why: 'not_permitted' });
  settle({ result_id: hand(), ballot_id: '1042' });
}

/** An entry of each type is put on an audit trail. */
function audit({ court }: Round): void {
  const facts = {
    ...{ user_id: petitioner.id, role: 'participant', outcome: 'applied', code: null, command_id: null, subject: null },
    ...{ count: 1, happened_at: court.now() },
  };
  const entries = ENTRY_TYPES.map((type) => ({
    ...facts,
    type,
    action: type === 'access_deny' ? 'GET /audit' : 'n.n',
  }));
  const { status } = court.sendApart('audit.record', { owner: INSTITUTION, entries }, system);
  expect(status).toBe('applied');
}

/** A policy is written, changed and taken back; it enforces, and is switched off. */
function changeAndRollBack({ court }: Round): void {
  const act = (verb: string, input: JsonObject, fact?: unknown) => {
    const { status, result } = court.sendApart(`policy.${verb}`, { owner: INSTITUTION, ...input }, admin, fact);
    expect(status).toBe('applied');
    court.wait(SECOND);
    return result;
  };
  const rule = { resource_type: 'turn.*', allowed_roles: ['admin', 'judge'], min_confidence: 60, step_up: false };
  const { id: policy_id } = act('create', { name: 'Rounds', rules: [rule], reason: 'The semi-finals begin.' });
  const admins = { time_zone: 'Europe/Berlin', seen: [{ confidence: 75, hour: 10 }], signed_in: [], enforced: [] };
  const hours = { from: 22, to: 21 };
  act('change', { policy_id, rules: [{ ...rule, step_up: true, hours }] }, admins);
  act('rollback', { policy_id, version: 1, reason: 'Too strict.' }, admins);
  act('activate', { policy_id, mode: 'enforce', force: true }, admins);
  const { id: session_id } = court.session();
  act(
    'override',
    { policy_id, session_id, user_id: petitioner.id, reason: 'A new network.' },
    { is_on: true, is_lifted: false },
  );
  act('deactivate', { policy_id });
}
