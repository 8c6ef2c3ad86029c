/** Counting bad signatures: those alone, together, within bounds, and past an outage. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { noteTokens } from '../../src/infra/noteTokens.ts';
import { NO_REVOCATIONS } from '../../src/infra/revocations.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { ticketKeysOf } from '../../src/infra/ticketKeys.ts';
import { createTokens, signToken, type TokenOptions } from '../../src/infra/tokens.ts';
import { type CountedDatabase, openCounted } from '../support/countedStatements.ts';
import { isEverything } from '../support/everything.ts';

const SECRET = 'thirty-two bytes of a secret, or more';
const OTHER = 'thirty-two bytes of another secret, or so';
const TICKETS = 'the secret of tickets, which is another';
const PATIENCE = { timeout: 20_000, interval: 20 };
const log = createLog('silent', 'test');
const claims = (exp: number) => ({ sub: randomUUID(), role: 'super_admin', exp: Math.floor(Date.now() / 1_000) + exp });
const FORGED = signToken(claims(60), OTHER);

let counting: CountedDatabase;

beforeAll(async () => {
  counting = await openCounted();
});
beforeEach(async () => void (await counting.database.pool.query('delete from threat_bad_signatures')));
afterAll(() => counting.drop());

const tokensOf = (options: Partial<TokenOptions> = {}) =>
  createTokens({
    ...{ secret: SECRET, publicKey: undefined, issuer: 'https://id.example', audience: 'plearoll' },
    ticketKeys: ticketKeysOf(TICKETS),
    revocations: NO_REVOCATIONS,
    ...options,
  });

function open(role: 'door' | 'relay', isAway?: () => boolean) {
  const { db, statements } = counting.countAs(role, isAway);
  const { logins, bad_signatures } = noteTokens({ db, tokens: tokensOf(), secret: 'a secret', log });
  onTestFinished(bad_signatures.close);
  const networkOf = (address: string) => logins.marksOf({ fingerprint: '', address }).network;
  return { ...bad_signatures, networkOf, statements };
}

const counted = async () =>
  (await counting.database.pool.query('select address, network, count from threat_bad_signatures order by address'))
    .rows;

test.each(['door', 'relay'] as const)('a thousand are one statement, as %s', async (role) => {
  const { note, close, networkOf, statements } = open(role);
  for (let i = 0; i < 1_000; i += 1) note(FORGED, '198.51.100.7');
  await close();
  expect(statements()).toBe(1);
  const network = networkOf('198.51.100.9');
  await expect.poll(counted, PATIENCE).toEqual([{ address: '198.51.100.7', network, count: 1_000 }]);
});

test('a good token never counts, however long it has ended, whoever it is for, nor does what is no token', async () => {
  const { note, close, statements } = open('door');
  const expired = signToken(claims(-86_400), SECRET);
  const early = signToken({ ...claims(60), nbf: claims(60).exp }, SECRET);
  const ticket = tokensOf().issueTicket({
    holder: { id: randomUUID(), role: 'judge', institution_id: randomUUID() },
    ...{ session_id: randomUUID(), expires_at: '2020-01-01T00:00:00.000Z' },
  });
  for (const token of [expired, early, signToken(claims(60), SECRET), ticket, '', 'a.b.c', 'abc', `${FORGED}.x`])
    note(token, '198.51.100.7');
  note(signToken({ ...claims(-60), name: 'x'.repeat(9_000) }, SECRET), '198.51.100.7');
  note(FORGED, undefined);
  await close();
  expect(statements()).toBe(0);
});

test('a ticket of a screen that was left open does not count when its key is retired, and one that is young does', async () => {
  const retired = tokensOf({ ticketKeys: ticketKeysOf(OTHER) });
  const ends = (ms: number) => new Date(Date.now() + ms).toISOString();
  const ticket = (expires_at: string) =>
    retired.issueTicket({
      holder: { id: randomUUID(), role: 'judge', institution_id: randomUUID() },
      ...{ session_id: randomUUID(), expires_at },
    });
  const board = (expires_at: string) =>
    retired.issueBoard({ board_id: randomUUID(), institution_id: randomUUID(), expires_at });
  for (const issue of [ticket, board]) {
    expect(await tokensOf().isForged(issue(ends(-13 * 3_600_000)))).toBe(false);
    expect(await tokensOf().isForged(issue(ends(-11 * 3_600_000)))).toBe(true);
  }
});

test('tokens without a signature, or with one by another algorithm, count', async () => {
  const { note, close, networkOf } = open('door');
  const [, payload] = FORGED.split('.');
  const header = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const token of [`${header}.${payload}.`, FORGED.slice(0, -3)]) note(token, '2001:db8:1:2:3::4');
  await close();
  await expect
    .poll(counted, PATIENCE)
    .toEqual([{ address: '2001:db8:1:2::/64', network: networkOf('2001:db8:1:2:9::1'), count: 2 }]);
});

test('tokens that are longer than any of ours count', async () => {
  const { note, close } = open('door');
  for (const length of [9_000, 20_000, 20_001]) note(`${FORGED}${'A'.repeat(length)}`, '198.51.100.7');
  await close();
  expect(await counted()).toMatchObject([{ address: '198.51.100.7', count: 3 }]);
});

test('of long tokens that nobody had the time to look at the oldest go', async () => {
  const { note } = open('door');
  note(FORGED, '198.51.100.7');
  for (let i = 0; i < 1_000; i += 1) note(`${FORGED}${'A'.repeat(16_000)}${i}`, '203.0.113.7');
  await expect.poll(counted, PATIENCE).toMatchObject([{ address: '203.0.113.7' }]);
  const [{ count }] = await counted();
  expect(count).toBeGreaterThan(400);
  expect(count).toBeLessThan(500);
});

test('of a key pair only what its private key has not signed counts', async () => {
  const [own, others] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const tokens = tokensOf({ secret: undefined, publicKey: own.publicKey });
  const sign = (key: typeof own.privateKey) =>
    new SignJWT(claims(-86_400)).setProtectedHeader({ alg: 'EdDSA' }).sign(key);
  expect(await tokens.isForged(await sign(own.privateKey))).toBe(false);
  expect(await tokens.isForged(await sign(others.privateKey))).toBe(true);
});

test('what could not be stored is stored later, and added up', async () => {
  let isAway = true;
  const { note, statements } = open('door', () => isAway);
  note(FORGED, '198.51.100.7');
  await vi.waitFor(() => expect(statements()).toBeGreaterThan(0), PATIENCE);
  note(FORGED, '198.51.100.7');
  isAway = false;
  await expect.poll(counted, PATIENCE).toMatchObject([{ count: 2 }]);
});

test.runIf(isEverything)(
  'while nothing can be stored no more than 5,000 addresses wait, and the oldest go',
  async () => {
    let isAway = true;
    const { note, close, statements } = open('door', () => isAway);
    const addressOf = (i: number) => `10.0.${i >> 8}.${i & 255}`;
    for (let i = 0; i < 5_010; i += 1) {
      note(FORGED, addressOf(i));
      // Of tokens that are still to be looked at there are 2,000.
      if (i % 1_900 === 1_899) {
        const before = statements();
        await vi.waitFor(() => expect(statements()).toBeGreaterThan(before), PATIENCE);
      }
    }
    isAway = false;
    const before = statements();
    await vi.waitFor(() => expect(statements() - before).toBeGreaterThanOrEqual(10), PATIENCE);
    await close();
    // Of a minute there are 2,000; this may have been two.
    const { length } = await counted();
    expect(length).toBeGreaterThanOrEqual(2_000);
    expect(length).toBeLessThanOrEqual(4_000);
    expect(statements() - before).toBeLessThanOrEqual(11);
  },
);

test('of a flood that nobody had the time to look at the oldest go', async () => {
  const { note } = open('door');
  note(FORGED, '198.51.100.7');
  for (let i = 0; i < 2_000; i += 1) note(`${FORGED}${i}`, '203.0.113.7');
  await expect.poll(counted, PATIENCE).toMatchObject([{ address: '203.0.113.7', count: 2_000 }]);
});
