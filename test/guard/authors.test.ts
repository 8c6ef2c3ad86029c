/** Authors as the guard knows them, how long each waits, and what it does about them. Time is a parameter. */
import type { Request } from 'express';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { createCompositeKeys } from '../../src/guard/compositeKeys.ts';
import { RULES } from '../../src/guard/rules.ts';
import { createGuard } from '../../src/http/guard/guard.ts';
import type { KnownBan } from '../../src/infra/guard/followBans.ts';
import { createInProcessStore } from '../../src/infra/guard/inProcess.ts';

const institution_id = '018f3c1e-7b2a-7c11-9d0e-0000000000a0';
const installation = '018f3c1e-7b2a-7c11-9d0e-0000000000ff';
const place = { institution_id, session_id: '018f3c1e-7b2a-7c11-9d0e-0000000b0000' };
const ada: Actor = { id: '018f3c1e-7b2a-7c11-9d0e-00000000c001', role: 'participant', institution_id };
const from = (ip: string, fingerprint?: string) =>
  ({
    ip,
    headers: fingerprint === undefined ? {} : { 'x-browser-fingerprint': fingerprint },
    params: {},
  }) as unknown as Request;

function open(known: KnownBan[] = []) {
  let now = 1_000_000;
  const done: object[] = [];
  const told: string[] = [];
  let alone_ms = 0;
  const store = createInProcessStore(RULES, 100, () => now);
  const guard = createGuard({
    ...{ keys: createCompositeKeys('a secret'), installation, institutionOf: async () => institution_id },
    store: { ...store, alone_ms: () => alone_ms },
    bans: { of: (subject, value) => known.filter((ban) => ban.subject === subject && ban.value === value) },
    addresses: { isAllowlisted: () => false },
    mayAsk: async () => true,
    punish: async (punishment) => void done.push(punishment),
    tell: (rule) => void told.push(rule),
  });
  const pass = (ms: number) => {
    now += ms;
  };
  const beAlone = (ms: number) => {
    alone_ms = ms;
  };
  return { guard, pass, beAlone, done, told };
}

describe('an author', () => {
  test('with a token is the user, and counts as such', async () => {
    const author = await open().guard.authorOf(from('192.0.2.1'), ada, place);
    expect(author).toEqual({ id: ada.id, key: ada.id, reporter: ada.id, is_shadowed: false, shown_to: 'everybody' });
  });

  test('without a token is another guest in each session, and one key in all of an institution', async () => {
    const { guard } = open();
    const here = await guard.authorOf(from('192.0.2.1', 'browser'), null, place);
    const there = await guard.authorOf(from('192.0.2.1', 'browser'), null, { ...place, session_id: installation });
    const elsewhere = await guard.authorOf(from('192.0.2.1', 'browser'), null, {
      ...place,
      institution_id: installation,
    });
    expect(here.id).toMatch(/^guest:[0-9a-f]{16}$/);
    expect(here.key).toMatch(/^[0-9a-f]{64}$/);
    expect([there.id === here.id, there.key === here.key]).toEqual([false, true]);
    expect([elsewhere.key === here.key, elsewhere.reporter === here.reporter]).toEqual([false, false]);
  });

  test('is one reporter with all others of the address, whatever the browsers say', async () => {
    const { guard } = open();
    const authors = await Promise.all(
      ['one', 'two', undefined, 'x'.repeat(4_096)].map((browser) =>
        guard.authorOf(from('192.0.2.1', browser), null, place),
      ),
    );
    expect(new Set(authors.map(({ reporter }) => reporter)).size).toBe(1);
    expect(new Set(authors.map(({ key }) => key)).size).toBe(4);
    const six = await Promise.all(['2001:db8::1', '2001:db8::2'].map((ip) => guard.authorOf(from(ip), null, place)));
    expect(six[0]).toEqual(six[1]);
  });

  test('is shadowed by a ban of the own institution or of the installation, and by none of another', async () => {
    const ban = { id: 'a', subject: 'key', value: ada.id, rule: 'text', left_ms: null } as const;
    for (const [owner, is_shadowed] of [
      [institution_id, true],
      [installation, true],
      ['another', false],
    ] as const) {
      expect(await open([{ ...ban, owner }]).guard.authorOf(from('192.0.2.1'), ada, place, true)).toMatchObject({
        is_shadowed,
      });
    }
  });
});

describe('the cooldown', () => {
  test.each([
    [0, 60],
    [1, 60],
    [2, 300],
    [3, 900],
    [5, 900],
    [6, 7_200],
    [50, 7_200],
  ])('of an author with %i reporters is %i seconds', async (reporters, seconds) => {
    const { guard, pass, told } = open();
    const author = await guard.authorOf(from('192.0.2.1'), null, place);
    const pace = { reporters, slow_seconds: 0 };
    await guard.post(author, place, pace);
    pass(seconds * 1_000 - 1);
    await expect(guard.post(author, place, pace)).rejects.toMatchObject({
      body: { status: 429, code: 'cooldown', retry_after_ms: 1 },
      headers: { 'Retry-After': '1' },
    });
    expect(await guard.waitOf(author, place, pace)).toBe(1);
    pass(1);
    expect(await guard.waitOf(author, place, pace)).toBe(0);
    await guard.post(author, place, pace);
    expect(told).toEqual(['cooldown']);
  });

  test('is slow mode’s where that is more', async () => {
    const { guard } = open();
    const author = await guard.authorOf(from('192.0.2.1'), null, place);
    const turn = await guard.post(author, place, { reporters: 0, slow_seconds: 120 });
    expect(await guard.waitOf(author, place, { reporters: 0, slow_seconds: 120 })).toBe(120_000);
    expect(await guard.waitOf(author, place, { reporters: 2, slow_seconds: 120 })).toBe(300_000);
    await guard.giveBack(author, place, turn);
    expect(await guard.waitOf(author, place, { reporters: 0, slow_seconds: 120 })).toBe(0);
  });

  test('of a user is each institution’s own', async () => {
    const { guard } = open();
    const author = await guard.authorOf(from('192.0.2.1'), ada, place);
    const pace = { reporters: 0, slow_seconds: 0 };
    await guard.post(author, place, pace);
    expect(await guard.waitOf(author, { ...place, institution_id: installation }, pace)).toBe(0);
  });

  test('is counted by the process alone for 60 s, and then nobody posts', async () => {
    const { guard, beAlone } = open();
    const author = await guard.authorOf(from('192.0.2.1'), null, place);
    beAlone(60_000);
    await guard.post(author, place, { reporters: 0, slow_seconds: 0 });
    beAlone(60_001);
    await expect(guard.post(author, place, { reporters: 0, slow_seconds: 0 })).rejects.toMatchObject({
      body: { status: 503, code: 'unavailable' },
    });
  });
});

test('two refused texts do nothing, the third within a day bans, and the honeypot bans at once', async () => {
  const { guard, done } = open();
  const author = await guard.authorOf(from('192.0.2.1'), null, place);
  await guard.tellRefused(author, place);
  await guard.tellRefused(author, place);
  expect(done).toEqual([]);
  await guard.tellRefused(author, place);
  await guard.tellTrapped(author, place);
  const whose = { institution_id, key: author.key };
  expect(done).toEqual([
    { rule: 'text', ...whose },
    { rule: 'honeypot', ...whose },
  ]);
});

test('a burst of what is sent to a session bans in its institution, and blocks the address', async () => {
  const { guard, done } = open();
  const visitor = { ...from('192.0.2.1', 'browser'), params: { session_id: place.session_id } } as unknown as Request;
  for (const n of [1, 2, 3, 4]) await guard.admit(visitor, `POST /${n}`);
  await expect(guard.admit(visitor, 'POST /5')).rejects.toMatchObject({ body: { status: 429, limit: 'burst' } });
  const { key } = await guard.authorOf(visitor, null, place);
  expect(done).toEqual([{ rule: 'burst', institution_id, key, address: '192.0.2.1' }]);
  await expect(guard.admit(visitor, 'POST /1')).rejects.toMatchObject({ body: { limit: 'block' } });
  expect(done).toHaveLength(1);
});
