/** Who is alive: told by Postgres to every role, also to those that can only read, and soon after somebody is not. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { DatabaseRole } from '../../src/core/sql/databaseRoles.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { createHeartbeat, PROCESS_KINDS } from '../../src/infra/postgres/heartbeat.ts';
import { SERVED_QUEUES } from '../../src/infra/queue/queueNames.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { openWire } from '../support/wire.ts';

const SOON = { timeout: 20_000, interval: 50 };
const NOBODY = { api: 0, worker: 0, relay: 0, scheduler: 0, signer: 0 };

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

function start(url = database.url, opened: pg.Pool[] = []) {
  const open = (role: DatabaseRole) => {
    opened.push(openPool(url, role, 1, () => {}));
    return opened.at(-1)!;
  };
  const heartbeat = createHeartbeat(open, createLog('silent', 'test'));
  onTestFinished(heartbeat.close);
  return heartbeat;
}

test('processes of every kind count themselves and each other, also in the role that can only read', async () => {
  const everybody = PROCESS_KINDS.map((kind) => ({ kind, heartbeat: start() }));
  for (const { kind, heartbeat } of everybody) await heartbeat.join(kind);
  const second = start();
  await second.join('worker');
  const all = { api: 1, worker: 2, relay: 1, scheduler: 1, signer: 1 };
  expect(second.alive()).toEqual(all);
  for (const { heartbeat } of everybody) await expect.poll(heartbeat.alive, SOON).toEqual(all);
});

test('one process that plays every part counts once for each, and for none that it has left', async () => {
  const alone = start();
  await Promise.all(PROCESS_KINDS.map((kind) => alone.join(kind)));
  await alone.join('worker');
  expect(alone.alive()).toEqual({ api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 });
  await alone.leave('worker');
  expect(alone.alive()).toEqual({ api: 1, worker: 0, relay: 1, scheduler: 1, signer: 1 });
});

test('a queue that every worker leaves alone is named, while there are workers', async () => {
  const [some, others] = [start(), start()];
  const served = SERVED_QUEUES.filter((name) => name !== 'ml' && name !== 'commands');
  await some.join('worker', served);
  expect(some.unserved()).toEqual(['commands', 'ml']);
  await others.join('worker', ['commands']);
  expect(others.unserved()).toEqual(['ml']);
  await others.leave('worker');
  await expect.poll(some.unserved, SOON).toEqual(['commands', 'ml']);
  await some.leave('worker');
  expect(some.unserved()).toEqual([]);
});

test('who is killed is gone with the next beat, and who stands still within a dozen seconds', async () => {
  const wire = await openWire(database.url);
  onTestFinished(wire.stop);
  const [witness, doomed] = [start(), start(wire.urlOf(database.url))];
  await witness.join('api');
  await doomed.join('worker');
  await expect.poll(witness.alive, SOON).toEqual({ ...NOBODY, api: 1, worker: 1 });
  wire.cut();
  const workersNow = async () => witness.join('api').then(() => witness.alive().worker);
  await expect.poll(workersNow, SOON).toBe(0);
  await expect.poll(witness.alive, SOON).toMatchObject({ worker: 1 });
  wire.freeze();
  await expect.poll(witness.alive, SOON).toEqual({ ...NOBODY, api: 1 });
  wire.thaw();
  await expect.poll(witness.alive, SOON).toEqual({ ...NOBODY, api: 1, worker: 1 });
});

test('while Postgres says nothing the last count stands', async () => {
  const wire = await openWire(database.url);
  onTestFinished(wire.stop);
  const [near, far] = [start(), start(wire.urlOf(database.url))];
  await near.join('api');
  await far.join('api');
  expect(far.alive()).toEqual({ ...NOBODY, api: 2 });
  wire.freeze();
  await far.join('api');
  expect(far.alive()).toEqual({ ...NOBODY, api: 2 });
  wire.thaw();
});

test('another database of the same server is another house', async () => {
  const other = await cloneDatabase();
  onTestFinished(other.drop);
  const [here, there] = [start(), start(other.url)];
  await here.join('api');
  await there.join('relay');
  expect(there.alive()).toEqual({ ...NOBODY, relay: 1 });
  await here.join('api');
  expect(here.alive()).toEqual({ ...NOBODY, api: 1 });
});
