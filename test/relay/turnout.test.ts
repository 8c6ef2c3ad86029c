/** How many listen, as one relay knows it: its own as they are, the others' as it read them last. */
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createInProcessReports } from '../../src/infra/reports/inProcess.ts';
import { REPORT_LEASE_MS } from '../../src/infra/reports/reports.ts';
import type { Admitted } from '../../src/relay/listeners/admission.ts';
import { createGuests } from '../../src/relay/listeners/guests.ts';
import { createTurnout } from '../../src/relay/listeners/turnout.ts';

const [room, other] = ['018f3c1e-7b2a-7c11-9d0e-00000000000a', '018f3c1e-7b2a-7c11-9d0e-00000000000b'];
const log = pino({ level: 'silent' });

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface Present {
  admitted: Admitted;
}

/** One listener here, one that listens without presence, and five at another relay. */
async function start() {
  const reports = createInProcessReports(10 * REPORT_LEASE_MS);
  const said = (connections: number) => ({
    report: { started_at: '2026-11-22T10:00:00.000Z', connections, connections_by_transport: {} },
    rooms: new Map([[room, { connections, listeners: connections }]]),
  });
  await reports.say('own', { ...said(70), users: [] });
  await reports.say('another', { ...said(5), users: [] });
  const guests = createGuests<Present>();
  const present = [true, false].map((seat) => ({ admitted: { session_id: room, seat } as Admitted }));
  for (const guest of present) guests.add(guest);
  let isAway = false;
  const tallies: typeof reports.tallies = (...asked) =>
    isAway ? Promise.reject(new Error('Redis is away')) : reports.tallies(...asked);
  const goAway = () => {
    isAway = true;
  };
  const turnout = createTurnout({ id: 'own', reports: { tallies }, guests, log });
  return { turnout, guests, present, goAway };
}

test('the own listeners are counted as they are, whatever this relay said of them', async () => {
  const { turnout, guests, present } = await start();
  expect(await turnout.count([other, room])).toEqual([0, 6]);
  for (const guest of present) guests.remove(guest);
  expect(await turnout.count([room])).toEqual([5]);
});

test('what was read last holds for as long as a lease; then a relay tells of its own alone', async () => {
  const { turnout, guests, present, goAway } = await start();
  await turnout.count([room]);
  goAway();
  vi.advanceTimersByTime(REPORT_LEASE_MS - 1);
  expect(await turnout.count([room, other])).toEqual([6, 0]);
  for (const { admitted } of present) guests.add({ admitted });
  expect(await turnout.count([room])).toEqual([7]);
  vi.advanceTimersByTime(2);
  expect(await turnout.count([room])).toEqual([2]);
});
