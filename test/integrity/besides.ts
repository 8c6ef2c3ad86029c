/** What is on record beside matches: settings of institutions, galleries, contact cards, bans, feeds, boards. Everything that can happen to each. */
import { randomUUID } from 'node:crypto';
import { ENTRY_TYPES } from '../../src/audit/entry.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { authorOf } from '../support/hall.ts';
import { RESULT } from '../support/matchFixture.ts';
import { type Court, people } from './recordFixture.ts';

type Person = Pick<Actor, 'id' | 'role'>;

const SYSTEM: Person = { id: 'system', role: 'system' };
/** After all that is said. */
const LATER = '2099-01-01T00:00:00.000Z';

const spectator = (): Person => ({ id: randomUUID(), role: 'participant' });

/** In matches whose galleries are always open and are read by a host first. @returns the streams */
export async function playBesides(court: Court, session_id: string, other_session_id: string): Promise<string[]> {
  await playGallery(court, session_id);
  await court.send(['gallery.slow', { session_id: other_session_id, seconds: 30 }]);
  const galleries = [session_id, other_session_id].map((id) => `gallery:${id}`);
  const cards = [...(await playCards(court)), ...(await playBans(court))];
  const feeds = [
    ...(await playFeeds(court)),
    ...(await playLinks(court)),
    ...(await playPolicies(court, [session_id, other_session_id])),
  ];
  return [...galleries, ...(await playSettings(court)), ...cards, ...feeds, await playAudit(court)];
}

/** The first two messages are kept for their time and erased; of the rest one is withdrawn, and one hidden and restored. */
async function playGallery(court: Court, session_id: string): Promise<void> {
  const [author, ...others] = [spectator(), spectator(), spectator()] as const;
  const act = async (name: string, input: JsonObject, sender?: Person) =>
    (await court.send([`gallery.${name}`, { session_id, ...input }, sender]))[0]!;
  const say = async (text: string, category: string, more: JsonObject = {}) => ({
    message_id: await act('post', { text, category, author: authorOf(author), ...more }, author),
  });
  await act('approve', await say('Does the treaty bind the harbour?', 'question', { author_name: 'Noor Haddad' }));
  await act('erase', { before: LATER, from: 1 }, SYSTEM);
  await say('And since when?', 'question');
  await act('erase', { before: LATER, from: 1 }, SYSTEM);
  const question = await say('Who signed it?', 'question');
  const comment = await say('Counsel is late again.', 'comment', { author_name: 'Noor Haddad' });
  const slip = await say('I meant the other one.', 'comment');
  for (const message of [question, comment, slip]) await act('approve', { ...message, reason: 'On topic.' });
  for (const voter of others) await act('vote', { ...question, author: authorOf(voter) }, voter);
  for (const reporter of others) {
    await act('report', { ...comment, reason: 'Unkind.', author: authorOf(reporter) }, reporter);
  }
  await act('withdraw', { ...slip, author: authorOf(author) }, author);
  await act('hide', { ...comment, reason: 'Unkind.' });
  await act('restore', comment);
  await act('answer', { ...question, reason: 'From the bench.' });
  await act('ban', { ...comment, reason: 'Insults counsel.', hours: 24 });
  await act('close', { reason: 'Recess.' });
  await act('open', {});
  await act('slow', { seconds: 120 });
}

async function playSettings(court: Court): Promise<string[]> {
  const [one, other] = [randomUUID(), randomUUID()];
  const set = (institution_id: string, settings: JsonObject) =>
    court.send(['institution.settings', { institution_id, ...settings }]);
  await set(one, { time_zone: 'Europe/Berlin' });
  await set(one, { telemetry: true, gallery_names: false });
  await set(other, { policies: true });
  return [one, other].map((id) => `institution:${id}`);
}

/** One card is written anew, and what it said goes; the other is emptied. */
async function playCards(court: Court): Promise<string[]> {
  const [clerk, judge] = [spectator(), spectator()];
  const card = { name: 'A. Clerk', visible_to: ['moderator', 'admin'] };
  const write = (input: JsonObject, { id }: Person) =>
    court.send(['contact.write', { ...card, ...input }, { id, role: 'judge' }]);
  await write({ email: 'clerk@example.org' }, clerk);
  await write({ email: 'clerk@example.org', phone: '+442079460958' }, clerk);
  await court.send(['contact.reveal', { user_id: clerk.id }]);
  await write({ phone: '+442079460959' }, judge);
  await write({}, judge);
  return [clerk, judge].map(({ id }) => `contact:${id}`);
}

/** Bans of each kind: extended, confirmed, lifted and erased, and others since. */
async function playBans(court: Court): Promise<string[]> {
  const owner = randomUUID();
  const act = (name: string, input: JsonObject, sender?: Person) =>
    court.send([`guard.${name}`, { owner, ...input }, sender]);
  const address = { address: '203.0.113.7', reason: 'Floods the questions.' };
  const key = 'ab'.repeat(32);
  await act('ban', { ...address, hours: 24 });
  await act('ban', { ...address, hours: 48 });
  await act('enforce', { subject: 'key', value: key, rule: 'honeypot' }, SYSTEM);
  await act('confirm', { key, reason: 'Seen, and rightly so.', hours: 100 });
  await act('unban', { ...address, reason: 'It was the school’s proxy.' });
  await act('erase', { owner, before: LATER }, SYSTEM);
  await act('ban', { key: 'cd'.repeat(32), reason: 'Insults counsel.', hours: 24 });
  await act('enforce', { subject: 'key', value: key, rule: 'reports' }, SYSTEM);
  return [`guard:${owner}`];
}

/** A board is revoked, another is not; a person asks for the calendar's link twice, another once. */
async function playLinks(court: Court): Promise<string[]> {
  const owner = randomUUID();
  const secret_hash = 'ab'.repeat(32);
  const create = async () =>
    (await court.send(['board.create', { institution_id: owner, name: 'Foyer', days: 90, secret_hash }]))[0]!;
  const [one, other] = [await create(), await create()];
  await court.send(['board.revoke', { board_id: one, owner }]);
  const [first, second] = [spectator(), spectator()];
  for (const who of [first, first, second]) {
    await court.send(['calendar.link', { user_id: who.id, owner: who.id, secret_hash }, who]);
  }
  return [`board:${one}`, `board:${other}`, `calendar:${first.id}`, `calendar:${second.id}`];
}

/** A policy is changed, taken back, enforced, and lifted for a judge in these sessions; another one is switched off. */
async function playPolicies(court: Court, session_ids: readonly string[]): Promise<string[]> {
  const owner = randomUUID();
  const rule = { resource_type: 'turn.*', allowed_roles: ['admin', 'judge'], min_confidence: 60, step_up: false };
  const content = { name: 'Rounds', rules: [rule], reason: 'The semi-finals begin.' };
  const act = (verb: string, input: JsonObject) => court.send([`policy.${verb}`, { owner, ...input }]);
  const [one, other] = [(await act('create', content))[0]!, (await act('create', content))[0]!];
  await act('change', { policy_id: one, rules: [{ ...rule, step_up: true }] });
  await act('rollback', { policy_id: one, version: 1 });
  await act('activate', { policy_id: one, mode: 'enforce', force: true });
  for (const session_id of session_ids) {
    const lifted = { session_id, user_id: people.judge, reason: 'The hall’s network is new.' };
    await act('override', { policy_id: one, ...lifted });
  }
  await act('deactivate', { policy_id: other });
  return [`policy:${one}`, `policy:${other}`];
}

/** Of one feed a person is invited and another linked, a conflict settled and a result handed in, and it is switched off and on; another one is removed. */
async function playFeeds(court: Court): Promise<string[]> {
  const owner = randomUUID();
  const create = async (input: JsonObject) => {
    const facts = { visibility: 'institution', institution_id: owner };
    return (await court.send(['feed.create', { ...facts, ...input }]))[0]!;
  };
  const act = (verb: string, feed_id: string, input: JsonObject = {}) =>
    court.send([`feed.${verb}`, { feed_id, owner, ...input }]);
  const site = { base_url: 'https://tab.example.org', tournament: 'harbour2026', secret_ref: 'tab' };
  const one = await create({ provider: 'tabbycat', name: 'Harbour Moot', ...site });
  const mapping = { rounds: '/rounds' };
  const other = await create({ provider: 'generic_json', name: 'School Moot', base_url: site.base_url, mapping });
  const person = `insert into feed_people (feed_id, provider_id, kind, name, user_id) values ($1, $2, 'speaker', $3, $4)`;
  await court.work(person, [one, '42', 'Ada Petrova', randomUUID()]);
  await court.work(person, [one, '43', 'Rui Santos', randomUUID()]);
  for (const n of ['1', '2']) await act('invite', one, { provider_id: '43', secret_hash: n.repeat(64) });
  await act('link', one, { provider_id: '42', user_id: randomUUID() });
  const conflict = `insert into feed_conflicts (feed_id, n, assignment_id, debate, field) values ($1, 1, $2, '7', 'courtroom')`;
  await court.work(conflict, [one, randomUUID()]);
  await act('settle', one, { n: '1', take: 'ours' });
  const match_id = randomUUID();
  const match = `
    insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, title, listed_at, phase, published)
    values ($1, $2, 'institution', 'tabbycat', $3, '7', 1, 'Harbour v. Atlas', now(), 'scoring', true)`;
  await court.feed(match, [match_id, owner, one]);
  await court.send(['match.result', { match_id, owner, ...RESULT }]);
  for (const verb of ['disable', 'enable']) await act(verb, one);
  await act('remove', other);
  return [...[one, other].map((id) => `feed:${id}`), `match:${match_id}`];
}

/** An entry of each type is on an audit trail, and one more. */
async function playAudit(court: Court): Promise<string> {
  const owner = randomUUID();
  const entryOf = (type: string) => ({
    ...{ type, user_id: randomUUID(), role: 'admin', action: 'board.create', outcome: 'refused', code: 'forbidden' },
    ...{
      command_id: randomUUID(),
      subject: `board:${randomUUID()}`,
      count: 3,
      happened_at: '2026-11-21T10:00:00.000Z',
    },
  });
  for (const entries of [ENTRY_TYPES.map(entryOf), [entryOf('access_deny')]]) {
    await court.send(['audit.record', { owner, entries }, SYSTEM]);
  }
  return `audit:${owner}`;
}
