/**
 * The check of scopes: what was read of them is out of date when it arrives, and nobody is sent away for what was true
 * before they came, or before they were let in again.
 */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createScopeCache } from '../../src/access/scopeCache.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { createInProcessBroadcast } from '../../src/infra/broadcast/inProcess.ts';
import { SCOPE_CHANGES } from '../../src/infra/broadcast/scopeChanges.ts';
import { startScopeCheck } from '../../src/relay/listeners/scopeCheck.ts';
import { chain, createWorld, session_id, type World } from './simulation.ts';

const ASSIGNMENT = randomUUID();
const INSTITUTION = randomUUID();
const petitioner: Actor = { id: randomUUID(), role: 'participant', institution_id: randomUUID() };

let world: World;
let stop: () => void;
/** Questions that wait for their answer, each with what gives it. */
const asked: ((roster: string[]) => void)[] = [];
const broadcast = createInProcessBroadcast();

beforeAll(() => {
  world = createWorld({ future: chain(1), committed: 1, random: () => 0.5, maxReplay: 10, withHeadCheck: false });
  const row = { assignment_id: ASSIGNMENT, session_id, institution_id: INSTITUTION, visibility: 'private' };
  const query = () =>
    new Promise((resolve) => {
      asked.push((roster) => {
        const seats = Object.fromEntries(roster.map((id) => [id, 'petitioner']));
        resolve({ rows: [{ ...row, roster: seats, replaced: [] }] });
      });
    });
  const db = { query } as never;
  const { listeners } = world;
  const log = pino({ level: 'silent' });
  stop = startScopeCheck({ db, listeners, scopes: createScopeCache(db), broadcast, log });
});

afterAll(() => {
  stop();
  world.end();
});

function come() {
  const scope = {
    ...{ assignment_id: ASSIGNMENT, session_id, institution_id: INSTITUTION, visibility: 'private' as const },
    ...{ roster: new Map([[petitioner.id, 'petitioner' as const]]), replaced: new Set<string>() },
  };
  const origin = {
    names: [],
    institution_id: null,
    role: 'participant',
    issued_at: null,
  };
  const identity = { actor: petitioner, expires_at: 4_000_000_000, origin };
  const closedWith: number[] = [];
  const visit = world.listeners.enter(
    'websocket',
    {
      ...{ connection_id: randomUUID(), address: '127.0.0.1', seat: true, resumed: false },
      ...{ session_id, last_sequence: undefined, identity, guest: undefined, scope },
    },
    {
      ...{ isOpen: () => closedWith.length === 0, write: () => true },
      close: (code: number) => void closedWith.push(code),
    },
  );
  return { visit, closedWith };
}

const change = () => broadcast.publish(SCOPE_CHANGES, ASSIGNMENT);
const questions = (count: number) => vi.waitFor(() => expect(asked).toHaveLength(count), 20_000);

test('who came while the scope was read is not sent away for what was true before', async () => {
  const early = come();
  await change();
  await questions(1);
  const late = come();
  asked.shift()!([]);
  await vi.waitFor(() => expect(early.closedWith).toEqual([4404]), 20_000);
  expect(late.closedWith).toEqual([]);
  early.visit.leave();

  await change();
  await questions(1);
  asked.shift()!([]);
  await vi.waitFor(() => expect(late.closedWith).toEqual([4404]), 20_000);
  late.visit.leave();
});

test('a second look waits for the first, so that an old answer never has the last word', async () => {
  const guest = come();
  await change();
  await questions(1);
  await change();
  await change();
  // Two rounds of the broadcast later nothing more was asked.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(1);
  asked.shift()!([petitioner.id]);
  await questions(1);
  asked.shift()!([petitioner.id]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([]);
  expect(guest.closedWith).toEqual([]);
  guest.visit.leave();
});
