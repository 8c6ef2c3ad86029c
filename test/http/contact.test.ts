/** Contact cards over HTTP: who writes one, to whom it is revealed, and that what it says is nowhere but in its one row. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { amountOf } from '../support/amounts.ts';
import { type Answer, type Cast, cast, get, must, openSession, type Person, person, post } from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { logLines } from '../support/logLines.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { everythingStored } from '../support/stored.ts';
import { expectIntact } from '../support/verdict.ts';

const CARD = {
  ...{ name: 'Ottoline Quill', email: 'ottoline.quill@example.org', phone: '+44 (7700) 900-123' },
  visible_to: ['moderator'],
};
const SAYS = { name: CARD.name, email: CARD.email, phone: '+447700900123' };
/** Ids and hashes may contain a few digits by chance: those count where they stand alone. */
const alone = (digits: string) => new RegExp(`(?<![\\w-])${digits}(?![\\w-])`);
const WORDS = [/Ottoline/i, alone('7700'), alone('900123'), /7700900123/, /900-123/];
const ALL_ROLES = ['judge', 'moderator', 'admin'];

describe.skipIf(isLeftOut)('a contact card', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack({ LOG_LEVEL: 'trace' });
  });
  afterAll(() => stack?.stop());
  beforeEach(async () => {
    people = cast();
    session = await openSession(stack.url, people);
  });

  const write = (who: Person | null, card: unknown = CARD, headers: Record<string, string> = {}) =>
    post(stack.url, '/api/contact/card', who, card, headers);
  let asked = 0;
  const reveal = (who: Person | null, of: Person | string, headers: Record<string, string> = {}) => {
    const id = typeof of === 'string' ? of : of.id;
    return post(stack.apis[asked++ % stack.apis.length]!, `/api/contact/${id}/reveal`, who, undefined, headers);
  };
  const fateOf = ({ status, body: { code = 'applied' } }: Answer) => `${status} ${code}`;
  const revealed = () => amountOf('contact_reveals_total', stack.backbones);

  test('is written and revealed, on record and counted, and what it says stands in one row and in no log, frame or metric', async () => {
    const lines = logLines(stack.backbones);
    const listener = await listenOnWebSocket(stack.relayUrl, {
      token: people.admin.token,
      session_id: session.session_id,
      last_sequence: 0,
    });
    const before = await revealed();
    const written = await must(write(people.presiding));
    expect(written.result).toEqual({
      ...{ id: people.presiding.id, visible_to: ['moderator'], fields: ['email', 'phone'] },
      updated_at: expect.any(String),
    });
    const answer = await must(reveal(people.bailiff, people.presiding));
    expect(answer).toMatchObject({
      stream: `contact:${people.presiding.id}`,
      events: [{ event_type: 'PROCEDURAL_CARD_REVEALED' }],
      result: { id: answer.command_id, revealed_at: expect.any(String), card: SAYS },
    });
    expect(await revealed()).toBe(before + 1);
    const { rows } = await stack.pool.query(
      `select actor_id from events where stream = $1 and event_type = 'PROCEDURAL_CARD_REVEALED'`,
      [`contact:${people.presiding.id}`],
    );
    expect(rows).toEqual([{ actor_id: people.bailiff.id }]);
    for (const id of [written.command_id, answer.command_id]) {
      const who = id === written.command_id ? people.presiding : people.bailiff;
      const state = await must(get(stack.url, `/api/command/${id}`, who));
      expect(state.status).toBe('applied');
      for (const word of WORDS) expect(JSON.stringify(state)).not.toMatch(word);
    }
    expect((await must(get(stack.url, `/api/command/${answer.command_id}`, people.bailiff))).result).toEqual({
      ...{ id: answer.command_id, revealed_at: answer.result.revealed_at },
    });

    await must(post(stack.url, `${session.path}/complete`, people.presiding));
    await listener.until(({ type, event_type }) => type === 'EVENT' && event_type === 'SESSION_COMPLETED');
    listener.close();
    const { rows: kept } = await stack.pool.query('select name, email, phone from contact_details where user_id = $1', [
      people.presiding.id,
    ]);
    expect(kept).toEqual([SAYS]);
    const metrics = await Promise.all(stack.backbones.map(({ metrics }) => metrics.registry.metrics()));
    const everything = [
      await everythingStored(stack, ['public.contact_details']),
      ...[JSON.stringify(listener.messages), lines().join('\n'), ...metrics],
    ].join('\n');
    expect(lines().length).toBeGreaterThan(0);
    for (const word of ['Ottoline', 'ottoline', '7700900123', '900-123']) expect(everything).not.toContain(word);
    await expectIntact(stack.url, session.session_id, people.admin);
  });

  test('is written by the panel, moderators and admins, and never by counsel', async () => {
    for (const who of [people.presiding, people.bailiff, people.admin, person('super_admin')]) {
      expect(fateOf(await write(who))).toBe('200 applied');
    }
    expect(fateOf(await write(people.petitioner))).toBe('403 forbidden');
    expect(fateOf(await write(null))).toBe('401 unauthenticated');
  });

  test('is revealed to the roles that it names on a shared assignment and to own admins; to others there is none', async () => {
    await must(write(people.presiding));
    const guest = {
      ...people.bailiff,
      token: person('moderator', { id: people.bailiff.id, institution_id: randomUUID() }).token,
    };
    const fates = [];
    for (const who of [people.bailiff, guest, people.admin, person('super_admin')]) {
      fates.push(fateOf(await reveal(who, people.presiding)));
    }
    expect(fates).toEqual(Array(4).fill('200 applied'));
    const stranger = person('admin', { institution_id: randomUUID() });
    const counselAsJudge = person('judge', { id: people.petitioner.id, institution_id: people.institution_id });
    for (const who of [people.judge, people.outsideJudge, stranger, counselAsJudge]) {
      expect(fateOf(await reveal(who, people.presiding))).toBe('404 not_found');
    }
    expect(fateOf(await reveal(people.petitioner, people.presiding))).toBe('403 forbidden');
    expect(fateOf(await reveal(null, people.presiding))).toBe('401 unauthenticated');
    for (const nobody of [people.judge, randomUUID(), 'nobody', '%00', 'x'.repeat(2_000)]) {
      expect(fateOf(await reveal(people.bailiff, nobody))).toBe('404 not_found');
    }
    await must(write(people.presiding, { ...CARD, visible_to: ALL_ROLES }));
    expect((await must(reveal(people.judge, people.presiding))).result.card).toEqual(SAYS);
  });

  test('of counsel is revealed to nobody on their match, whatever their token says', async () => {
    const counsel = person('judge', { id: people.petitioner.id, institution_id: people.institution_id });
    await must(write(counsel, { ...CARD, visible_to: ALL_ROLES }));
    expect(fateOf(await reveal(people.bailiff, counsel))).toBe('404 not_found');
  });

  test('is revealed five times an hour to one person: refusals and repetitions are not counted', async () => {
    await must(write(people.presiding));
    for (let i = 0; i < 6; i++) expect(fateOf(await reveal(people.bailiff, randomUUID()))).toBe('404 not_found');
    const before = await revealed();
    const key = { 'idempotency-key': randomUUID() };
    const first = await must(reveal(people.bailiff, people.presiding, key));
    for (let i = 0; i < 4; i++) await must(reveal(people.bailiff, people.presiding));
    const refused = await reveal(people.bailiff, people.presiding);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 'contact_reveal' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
    expect(await must(reveal(people.bailiff, people.presiding, key))).toEqual(first);
    expect(await revealed()).toBe(before + 5);
    expect(fateOf(await reveal(people.admin, people.presiding))).toBe('200 applied');
  });

  test('takes the place of the one before, of which nothing is left; an empty one takes everything out', async () => {
    await must(write(people.presiding));
    const key = { 'idempotency-key': randomUUID() };
    await must(reveal(people.bailiff, people.presiding, key));
    await must(write(people.presiding, { name: 'O. Quill', phone: '+14155552671', visible_to: ['moderator'] }));
    const { result } = await must(reveal(people.bailiff, people.presiding));
    expect(result.card).toEqual({ name: 'O. Quill', email: null, phone: '+14155552671' });
    expect(await everythingStored(stack)).not.toContain(people.presiding.id.concat(',"Ottoline'));
    await must(write(people.presiding, { name: 'Whoever', visible_to: ['moderator'] }));
    expect(fateOf(await reveal(people.bailiff, people.presiding))).toBe('404 not_found');
    const { rows } = await stack.pool.query('select name, email, phone from contact_details where user_id = $1', [
      people.presiding.id,
    ]);
    expect(rows).toEqual([{ name: null, email: null, phone: null }]);
    expect((await must(reveal(people.bailiff, people.presiding, key))).result.card).toEqual(rows[0]);
  });

  test('that was changed in the database is revealed to nobody', async () => {
    await must(write(people.presiding));
    await stack.pool.query(`update contact_details set phone = '+14155550000' where user_id = $1`, [
      people.presiding.id,
    ]);
    expect(fateOf(await reveal(people.bailiff, people.presiding))).toBe('409 card_altered');
    await stack.pool.query('delete from contact_details where user_id = $1', [people.presiding.id]);
    expect(fateOf(await reveal(people.bailiff, people.presiding))).toBe('409 card_altered');
    await must(write(people.presiding));
    expect(fateOf(await reveal(people.bailiff, people.presiding))).toBe('200 applied');
  });

  test('is read by the API for nobody to whom the record does not say that it was revealed', async () => {
    await must(write(people.presiding));
    const seenBy = async (who: Person) => {
      const client = await stack.pool.connect();
      try {
        await client.query('begin; set local role plearoll_api');
        await client.query(
          `select set_config('plearoll.user_id', $1, true), set_config('plearoll.role', 'super_admin', true)`,
          [who.id],
        );
        return (await client.query('select name from contact_details')).rows;
      } finally {
        await client.query('rollback');
        client.release();
      }
    };
    expect(await seenBy(people.bailiff)).toEqual([]);
    await must(reveal(people.bailiff, people.presiding));
    expect(await seenBy(people.bailiff)).toEqual([{ name: CARD.name }]);
    expect(await seenBy(people.admin)).toEqual([]);
  });

  test('under one key is one command, and another card under that key is refused', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await write(people.presiding, CARD, key);
    const again = await write(people.presiding, CARD, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = await write(people.presiding, { ...CARD, phone: '+14155552671' }, key);
    expect(fateOf(other)).toBe('422 idempotency_key_reused');
    expect((await must(reveal(people.bailiff, people.presiding))).result.card).toEqual(SAYS);
  });

  test.each([
    ['nothing', {}, '/name'],
    ['no name', { ...CARD, name: undefined }, '/name'],
    ['an empty name', { ...CARD, name: '' }, '/name'],
    ['a name that is too long', { ...CARD, name: 'x'.repeat(201) }, '/name'],
    ['a name with U+0000', { ...CARD, name: 'a\u0000b' }, '/name'],
    ['a name whose direction turns', { ...CARD, name: 'a\u202eb' }, '/name'],
    ['an address that is none', { ...CARD, email: 'ottoline' }, '/email'],
    ['two addresses', { ...CARD, email: 'a@example.org,b@example.org' }, '/email'],
    ['an address with a line break', { ...CARD, email: 'a@example.org\nBcc: b@example.org' }, '/email'],
    ['an address that is too long', { ...CARD, email: `${'a'.repeat(250)}@example.org` }, '/email'],
    ['an address that is no text', { ...CARD, email: { a: 1 } }, '/email'],
    ['a number in words', { ...CARD, phone: 'zero seven' }, '/phone'],
    ['a number without its country', { ...CARD, phone: '07700 900123' }, '/phone'],
    ['a number of no country', { ...CARD, phone: '+999 123456789' }, '/phone'],
    ['a number that is too short', { ...CARD, phone: '+44 123' }, '/phone'],
    ['a number that is too long', { ...CARD, phone: '+44 7700 900123 900123 900123' }, '/phone'],
    ['a number with an extension', { ...CARD, phone: '+442079460958;ext=5' }, '/phone'],
    ['a number with markup', { ...CARD, phone: '+442079460958<b>' }, '/phone'],
    ['a number that is a number', { ...CARD, phone: 442079460958 }, '/phone'],
    ['nobody to see it', { ...CARD, visible_to: [] }, '/visible_to'],
    ['counsel to see it', { ...CARD, visible_to: ['participant'] }, '/visible_to/0'],
    ['a role twice', { ...CARD, visible_to: ['admin', 'admin'] }, '/visible_to'],
    ['a field that there is not', { ...CARD, user_id: randomUUID() }, '/user_id'],
    ['what only the server may say', { ...CARD, commitment: 'ab' }, '/commitment'],
  ])('with %s is refused, and nothing of it is kept', async (_, card, pointer) => {
    const { status, body } = await write(people.presiding, card);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect(JSON.stringify(body)).not.toContain(CARD.email);
    const { rowCount } = await stack.pool.query('select from contact_details where user_id = $1', [
      people.presiding.id,
    ]);
    expect(rowCount).toBe(0);
  });

  test('of a mebibyte is too large', async () => {
    expect(fateOf(await write(people.presiding, { ...CARD, name: 'x'.repeat(1_048_576) }))).toBe('413 too_large');
  });
});
