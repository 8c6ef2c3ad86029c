/** Noting login sessions: rarely, together, within bounds, and past an outage. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Locate } from '../../src/infra/geoIp.ts';
import { createLoginRecorder } from '../../src/infra/loginRecorder.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { type CountedDatabase, openCounted } from '../support/countedStatements.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
const log = createLog('silent', 'test');
const FROM = { user_agent: 'A', fingerprint: '', address: '198.51.100.7' };

let counting: CountedDatabase;

beforeAll(async () => {
  counting = await openCounted();
});
afterAll(() => counting.drop());

function open(role: 'door' | 'relay', isAway?: () => boolean, locate?: Locate) {
  const { db, statements } = counting.countAs(role, isAway);
  const recorder = createLoginRecorder({ db, secret: 'a secret', ...(locate && { locate }), log });
  onTestFinished(recorder.close);
  return { ...recorder, statements };
}

const someone = (changes: Partial<Actor> = {}, login_id: string = randomUUID()): Actor => ({
  ...{ id: randomUUID(), role: 'participant', institution_id: randomUUID(), ...changes },
  login: { id: login_id, jti: null, auth_time: null, expires_at: Math.floor(Date.now() / 1_000) + 3_600 },
});
const noted = async (id: string) =>
  (await counting.database.pool.query('select user_id, institution_id from logins where id = $1', [id])).rows;
const placesOf = async (id: string) =>
  (
    await counting.database.pool.query('select kind, mark from login_places where login_id = $1 order by kind, mark', [
      id,
    ])
  ).rows;

test.each(['door', 'relay'] as const)('a thousand requests are one statement, as %s', async (role) => {
  const { see, close, statements } = open(role);
  const who = someone();
  for (let i = 0; i < 1_000; i += 1) see(who, FROM);
  await close();
  expect(statements()).toBe(1);
  expect(await noted(who.login!.id)).toEqual([{ user_id: who.id, institution_id: who.institution_id }]);
  expect((await placesOf(who.login!.id)).map(({ kind }) => kind)).toEqual(['device', 'network']);
});

test('what could not be noted is noted later', async () => {
  let isAway = true;
  const { see, statements } = open('door', () => isAway);
  const who = someone();
  see(who, FROM);
  await vi.waitFor(() => expect(statements()).toBeGreaterThan(0), PATIENCE);
  isAway = false;
  await expect.poll(() => noted(who.login!.id), PATIENCE).toHaveLength(1);
});

test('while nothing can be noted no more than 5,000 wait, and the oldest go', async () => {
  let isAway = true;
  const { see, close } = open('door', () => isAway);
  const many = Array.from({ length: 5_010 }, () => someone());
  for (const who of many) see(who, FROM);
  isAway = false;
  await close();
  // A stop waits two seconds for what is being stored, which a busy machine needs longer for.
  await expect.poll(() => noted(many.at(-1)!.login!.id), PATIENCE).toHaveLength(1);
  expect(await noted(many[9]!.login!.id)).toEqual([]);
  expect(await noted(many[10]!.login!.id)).toHaveLength(1);
});

test('a person has 500 login sessions noted at most, and each a few devices', async () => {
  const { see, close } = open('door');
  const { id } = someone();
  const many = Array.from({ length: 700 }, () => someone({ id }));
  for (const who of many.slice(0, 500)) see(who, FROM);
  await close();
  const more = open('door');
  for (const who of many.slice(500)) more.see(who, FROM);
  for (let i = 0; i < 600; i += 1) more.see(many[0]!, { ...FROM, user_agent: `Browser ${i}` });
  await more.close();
  const { rows } = await counting.database.pool.query(
    'select count(*)::integer as count from logins where user_id = $1',
    [id],
  );
  expect(rows[0].count).toBe(500);
  const devices = (await placesOf(many[0]!.login!.id)).filter(({ kind }) => kind === 'device');
  expect(devices.length).toBeLessThan(40);
});

test('a login session stays that of its first person, and one of a super_admin is of no institution', async () => {
  const { see, close } = open('door');
  const login_id = randomUUID();
  const [first, second, root] = [someone({}, login_id), someone({}, login_id), someone({ role: 'super_admin' })];
  see(first, FROM);
  see(root, FROM);
  await close();
  const other = open('door');
  other.see(second, FROM);
  await other.close();
  expect(await noted(login_id)).toEqual([{ user_id: first.id, institution_id: first.institution_id }]);
  expect(await noted(root.login!.id)).toEqual([{ user_id: root.id, institution_id: null }]);
});

test('a login session has its neighbourhoods noted, 20 at most, and none where nobody knows', async () => {
  const locate: Locate = (address) =>
    address === '198.51.100.7'
      ? undefined
      : { latitude_tenths: Number(address!.split('.')[2]), longitude_tenths: -1_800 };
  const { see, close } = open('door', undefined, locate);
  const [who, nowhere] = [someone(), someone()];
  see(nowhere, FROM);
  for (let i = 0; i < 30; i += 1) see(who, { ...FROM, address: `203.0.${i}.1` });
  await close();
  const more = open('door', undefined, locate);
  for (let i = 0; i < 30; i += 1) more.see(who, { ...FROM, address: `203.0.${29 - i}.1` });
  await more.close();
  const { rows } = await counting.database.pool.query(
    'select login_id, latitude_tenths, longitude_tenths from login_locations order by latitude_tenths',
  );
  expect(rows).toEqual(
    Array.from({ length: 20 }, (_, i) => ({ login_id: who.login!.id, latitude_tenths: i, longitude_tenths: -1_800 })),
  );
});
