/** Tokens of every kind of key, and the ways in which one may not be good. A token never chooses its own algorithm. */
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { NO_REVOCATIONS } from '../../src/infra/revocations.ts';
import { ticketKeysOf } from '../../src/infra/ticketKeys.ts';
import { createTokens, isCurrent, signToken, type TokenOptions } from '../../src/infra/tokens.ts';

const SECRET = 'thirty-two bytes of a secret, or more';
const TICKETS = 'the secret of tickets, which is another';
const sub = randomUUID();
const institution_id = randomUUID();
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const claims = (changes: object = {}) =>
  JSON.parse(JSON.stringify({ sub, role: 'judge', institution_id, exp: inSeconds(60), ...changes }));

const open = (options: Partial<TokenOptions> = {}) =>
  createTokens({
    ...{ secret: SECRET, publicKey: undefined, issuer: undefined, audience: undefined },
    ticketKeys: ticketKeysOf(TICKETS),
    revocations: NO_REVOCATIONS,
    ...options,
  });
const tokens = open();
async function actorOf(token: string, by = tokens) {
  const { login: _, ...actor } = (await by.verify(token))?.actor ?? {};
  return 'id' in actor ? actor : undefined;
}

const base64 = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token as an attacker makes it: any header, signed with any bytes. */
function forge(header: object, payload: object, hmac?: { hash: string; key: Buffer | string }): string {
  const signed = `${base64(header)}.${base64(payload)}`;
  return `${signed}.${hmac ? createHmac(hmac.hash, hmac.key).update(signed).digest('base64url') : ''}`;
}

describe('a token signed with the secret', () => {
  test('names who sends it', async () => {
    const exp = inSeconds(60);
    const names = [
      ['sub', sub],
      ['login', expect.any(String)],
    ];
    const origin = { names, institution_id, role: 'judge', issued_at: expect.any(Number) };
    const named = { id: expect.any(String), jti: null, of_one_token: true };
    const login = { ...named, auth_time: expect.any(Number), expires_at: exp };
    const identity = { actor: { id: sub, role: 'judge', institution_id, login }, expires_at: exp, origin };
    expect(await tokens.verify(signToken(claims({ exp }), SECRET))).toEqual(identity);
  });

  test('needs no institution for a super_admin, and may have more claims than we read', async () => {
    const token = signToken(
      claims({ role: 'super_admin', institution_id: undefined, name: 'Root', jti: 'x', more: [1] }),
      SECRET,
    );
    expect(await actorOf(token)).toEqual({ id: sub, role: 'super_admin', institution_id: null, name: 'Root' });
  });

  test.each([
    ['a sign-in that is no text', { sid: 7 }, []],
    ['an id that is longer than a revocation can name', { jti: 'x'.repeat(256), sid: 'short' }, [['sid', 'short']]],
    ['an id with a character that is no text to Postgres', { jti: 'a\u0000b' }, []],
  ])('is good with %s, by which it cannot be revoked', async (_, claim, names) => {
    const identity = await tokens.verify(signToken(claims(claim), SECRET));
    expect(identity!.origin.names).toEqual([...names, ['sub', sub], ['login', expect.any(String)]]);
  });

  test('names ids in lower case, however they were written', async () => {
    const token = signToken(claims({ sub: sub.toUpperCase(), institution_id: institution_id.toUpperCase() }), SECRET);
    expect(await actorOf(token)).toMatchObject({ id: sub, institution_id });
  });

  test('has a leeway of five seconds', async () => {
    expect(await actorOf(signToken(claims({ exp: inSeconds(-3) }), SECRET))).toMatchObject({ id: sub });
    expect(await actorOf(signToken(claims({ exp: inSeconds(-7) }), SECRET))).toBeUndefined();
    expect(await actorOf(signToken(claims({ nbf: inSeconds(3) }), SECRET))).toMatchObject({ id: sub });
    expect(await actorOf(signToken(claims({ nbf: inSeconds(60) }), SECRET))).toBeUndefined();
  });

  test.each<[string, object]>([
    ['no sub', { sub: undefined }],
    ['a sub that is no uuid', { sub: 'admin' }],
    ['no role', { role: undefined }],
    ['a role that there is not', { role: 'root' }],
    ['the role of an observer', { role: 'observer', session_id: randomUUID() }],
    ['no institution', { institution_id: undefined }],
    ['an institution that is no uuid', { institution_id: 'mine' }],
    ['no end', { exp: undefined }],
    ['an end that never comes', { exp: 1e308 }],
    ['an end in more than a year', { exp: inSeconds(367 * 24 * 3_600) }],
    ['an issue in the future', { iat: inSeconds(60) }],
  ])('is not good with %s', async (_, changes) => {
    expect(await actorOf(signToken(claims(changes), SECRET))).toBeUndefined();
  });

  test.each(['', 'x', 'a.b.c', `${'a'.repeat(5_000)}.b.c`])('is not %j', async (text) => {
    expect(await actorOf(text)).toBeUndefined();
  });

  test('is not one that is unsigned, signed with another secret, or changed', async () => {
    const good = signToken(claims(), SECRET);
    const [header, , signature] = good.split('.');
    expect(await actorOf(signToken(claims(), `${SECRET}!`))).toBeUndefined();
    expect(await actorOf(forge({ alg: 'none', typ: 'JWT' }, claims()))).toBeUndefined();
    expect(await actorOf(forge({ alg: 'None' }, claims()))).toBeUndefined();
    expect(await actorOf(forge({ alg: 'HS256' }, claims()))).toBeUndefined();
    expect(await actorOf(`${header}.${base64(claims({ role: 'super_admin' }))}.${signature}`)).toBeUndefined();
  });

  test('is not one that demands an extension, as nobody here knows any', async () => {
    const hmac = { hash: 'sha256', key: SECRET };
    for (const more of [{ crit: ['exp'] }, { crit: [] }, { crit: ['b64'], b64: true }, { b64: false }, { b64: true }]) {
      expect(await actorOf(forge({ alg: 'HS256', ...more }, claims(), hmac))).toBeUndefined();
    }
    expect(await actorOf(forge({ alg: 'HS256' }, claims({ iat: 'yesterday' }), hmac))).toBeUndefined();
    expect(await actorOf(forge({ alg: 'HS256' }, claims({ iat: inSeconds(3) }), hmac))).toMatchObject({ id: sub });
  });

  test('is HS256 and no other, even with the right secret', async () => {
    const hmac = { hash: 'sha256', key: SECRET };
    expect(await actorOf(forge({ alg: 'HS256' }, claims(), hmac))).toMatchObject({ id: sub });
    expect(await actorOf(forge({ alg: 'HS512' }, claims(), { hash: 'sha512', key: SECRET }))).toBeUndefined();
    expect(await actorOf(forge({ alg: 'none' }, claims(), hmac))).toBeUndefined();
  });
});

const pair = (type: string, options: object): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync(type as 'rsa', options as { modulusLength: number });

const KEYS = [
  { alg: 'RS256', ...pair('rsa', { modulusLength: 2048 }) },
  { alg: 'ES256', ...pair('ec', { namedCurve: 'P-256' }) },
  { alg: 'EdDSA', ...pair('ed25519', {}) },
];

const signed = (alg: string, privateKey: KeyObject, payload: object = claims()) =>
  new SignJWT(payload as never).setProtectedHeader({ alg }).sign(privateKey);

describe.each(KEYS)('with a public key for $alg', ({ alg, publicKey, privateKey }) => {
  const own = open({ publicKey });

  test('its tokens are good, until they end', async () => {
    expect(await actorOf(await signed(alg, privateKey), own)).toEqual({ id: sub, role: 'judge', institution_id });
    expect(await actorOf(await signed(alg, privateKey, claims({ exp: inSeconds(-60) })), own)).toBeUndefined();
    expect(await actorOf(await signed(alg, privateKey, claims({ exp: undefined })), own)).toBeUndefined();
  });

  test('those of other keys are not, nor unsigned ones, nor those signed with the secret', async () => {
    for (const other of KEYS.filter((one) => one.alg !== alg)) {
      expect(await actorOf(await signed(other.alg, other.privateKey), own)).toBeUndefined();
    }
    expect(await actorOf(forge({ alg: 'none' }, claims()), own)).toBeUndefined();
    expect(await actorOf(signToken(claims(), SECRET), own)).toBeUndefined();
  });

  test('the public key is no secret: HS256 with its bytes is refused', async () => {
    for (const format of ['pem', 'der'] as const) {
      const key = publicKey.export({ type: 'spki', format: format as 'der' });
      expect(await actorOf(forge({ alg: 'HS256' }, claims(), { hash: 'sha256', key }), own)).toBeUndefined();
      expect(await actorOf(forge({ alg }, claims(), { hash: 'sha256', key }), own)).toBeUndefined();
    }
  });
});

test.each<[string, object]>([
  ['x25519', {}],
  ['ed448', {}],
  ['ec', { namedCurve: 'P-384' }],
  ['ec', { namedCurve: 'secp256k1' }],
])('a key of type %s %j is refused at the start, not token by token', (type, options) => {
  expect(() => open({ publicKey: pair(type, options).publicKey })).toThrow('JWT_PUBLIC_KEY');
});

test('issuer and audience are checked where they are set', async () => {
  const strict = open({ issuer: 'https://login.example', audience: 'plearoll' });
  const token = (iss?: string, aud?: string | string[]) => signToken(claims({ iss, aud }), SECRET);
  expect(await actorOf(token('https://login.example', 'plearoll'), strict)).toMatchObject({ id: sub });
  expect(await actorOf(token('https://login.example', ['other', 'plearoll']), strict)).toMatchObject({ id: sub });
  expect(await actorOf(token('https://evil.example', 'plearoll'), strict)).toBeUndefined();
  expect(await actorOf(token('https://login.example', 'other'), strict)).toBeUndefined();
  expect(await actorOf(token(), strict)).toBeUndefined();
});

describe('an observer ticket', () => {
  const session_id = randomUUID();
  const holder: Actor = { id: `observer:${randomUUID()}`, role: 'observer', institution_id: null };
  const expires_at = '2100-01-01T00:00:00.000Z';

  test('admits to one session until its end, and is no token', async () => {
    const id = randomUUID();
    const ticket = tokens.issueTicket({ id, holder, session_id, expires_at });
    expect(await tokens.verifyTicket(ticket)).toEqual({
      id,
      actor: holder,
      holder,
      session_id,
      expires_at: Date.parse(expires_at) / 1_000,
      origin: {
        names: [
          ['sub', holder.id],
          ['jti', id],
        ],
        institution_id: null,
        role: 'observer',
        issued_at: null,
      },
    });
    expect(await tokens.verify(ticket)).toBeUndefined();
  });

  test('says whose it is, and makes nothing more of them than a spectator', async () => {
    const judge: Actor = { id: randomUUID(), role: 'judge', institution_id: randomUUID() };
    const ticket = await tokens.verifyTicket(tokens.issueTicket({ holder: judge, session_id, expires_at }));
    expect(ticket).toMatchObject({ holder: judge, actor: { id: judge.id, role: 'observer', institution_id: null } });
  });

  test('is not good when it has ended, or when it is a token, or when somebody else signed it', async () => {
    const past = new Date(Date.now() - 60_000).toISOString();
    const ended = await tokens.verifyTicket(tokens.issueTicket({ holder, session_id, expires_at: past }));
    expect(isCurrent(ended!)).toBe(false);
    expect(await tokens.verifyTicket(signToken(claims(), SECRET))).toBeUndefined();
    const forged = signToken({ sub: holder.id, role: 'observer', session_id, exp: inSeconds(60) }, SECRET);
    expect(await tokens.verifyTicket(forged)).toBeUndefined();
    const other = open({ ticketKeys: ticketKeysOf('of another installation') });
    expect(await other.verifyTicket(tokens.issueTicket({ holder, session_id, expires_at }))).toBeUndefined();
  });

  test('is honoured by each of the keys there are, and signed with the first', async () => {
    const [was, is, comes] = ['last', 'current', 'next'].map((one) => open({ ticketKeys: ticketKeysOf(one) }));
    const all = open({ ticketKeys: ticketKeysOf('current', 'next', 'last') });
    for (const by of [was!, is!, comes!]) {
      expect(await all.verifyTicket(by.issueTicket({ holder, session_id, expires_at }))).toMatchObject({ session_id });
    }
    const ticket = all.issueTicket({ holder, session_id, expires_at });
    expect(await is!.verifyTicket(ticket)).toMatchObject({ session_id });
    expect(await comes!.verifyTicket(ticket)).toBeUndefined();
    expect(await open().verifyTicket(ticket)).toBeUndefined();
  });
});

describe("a board's token", () => {
  const board_id = randomUUID();
  const issue = (expires_at: string, by = tokens) => by.issueBoard({ board_id, institution_id, expires_at });
  const expires_at = '2100-01-01T00:00:00.000Z';

  test('names the board and its institution, and is neither the token of a person nor a ticket', async () => {
    const token = issue(expires_at);
    const names = [['sid', board_id]];
    expect(await tokens.verifyBoard(token)).toEqual({
      actor: { id: board_id, role: 'board', institution_id },
      expires_at: Date.parse(expires_at) / 1_000,
      origin: { names, institution_id, role: 'board', issued_at: null },
    });
    expect(await tokens.verify(token)).toBeUndefined();
    expect(await tokens.verifyTicket(token)).toBeUndefined();
  });

  test('is not good when it has ended, when others signed it, and when it is of another kind', async () => {
    expect(await tokens.verifyBoard(issue(new Date(Date.now() - 60_000).toISOString()))).toBeUndefined();
    const other = open({ ticketKeys: ticketKeysOf('of another installation') });
    expect(await tokens.verifyBoard(issue(expires_at, other))).toBeUndefined();
    const posing = { sub: board_id, role: 'board', institution_id, exp: inSeconds(60) };
    expect(await tokens.verifyBoard(signToken(posing, SECRET))).toBeUndefined();
    expect(await tokens.verifyBoard(signToken(claims(), SECRET))).toBeUndefined();
    const holder: Actor = { id: randomUUID(), role: 'judge', institution_id };
    const ticket = tokens.issueTicket({ holder, session_id: randomUUID(), expires_at });
    expect(await tokens.verifyBoard(ticket)).toBeUndefined();
  });

  test('is not good once its board was revoked, also where it was remembered', async () => {
    let isOver = false;
    const revocations = { ...NO_REVOCATIONS, covers: () => isOver };
    const revocable = open({ revocations });
    const token = issue(expires_at, revocable);
    expect(await revocable.verifyBoard(token)).toBeDefined();
    isOver = true;
    expect(await revocable.verifyBoard(token)).toBeUndefined();
    const looking = open({ revocations: { ...NO_REVOCATIONS, isRevoked: async () => true } });
    expect(await looking.verifyBoard(token)).toBeUndefined();
  });
});
