/**
 * A Redis that is there and of no use: demoted by a failover, full, or silent. Nothing else says so than a write, and
 * whoever waits for it waits once.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { checkHistory } from '../support/checkHistory.ts';
import { get, post } from '../support/client.ts';
import { isEverything, someOf } from '../support/everything.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { startLoad } from '../support/load.ts';
import { type Process, until } from '../support/processes.ts';
import { quickest } from '../support/quickest.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openWire, type Wire } from '../support/wire.ts';
import { type Scene, shareScene } from './scene.ts';

const redisState = async (url: string) => (await get(url, '/health', null)).body.redis_connected as boolean;
/** Commands of which the median is taken. */
const TIMED = 15;
/** A second goes by until a worker finds a command of which no doorbell told, and the API its outcome. */
const HANGING_MS = 1_200;
const LOST = { status: 200, body: { healthy: true, degraded: true, redis_connected: false } };

describe.skipIf(inject('redisUrl') === null)('a Redis', () => {
  /** What the processes use, by way of the wire; and another one. */
  let first: TestRedis;
  let second: TestRedis;
  let wire: Wire;
  beforeAll(async () => {
    [first, second] = await Promise.all([startRedis(), startRedis()]);
    wire = await openWire(first.url);
  });
  afterAll(() => Promise.all([wire.stop(), first.stop(), second.stop()]));

  const shared = shareScene(
    async () => ({ redisUrl: wire.urlOf(first.url) }),
    async (scene) => {
      const { startApi, startWorker, startRelay, startScheduler } = scene;
      const everybody = await Promise.all([startApi(), startWorker(), startRelay(), startScheduler()]);
      return { scene, everybody };
    },
  );

  const WAYS: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ['demoted', () => first.demote(), () => first.promote()],
    ['full', () => first.fill(), () => first.empty()],
  ];

  test.each(someOf(WAYS))(
    'that is %s is said to be away by every process, and taken into use again when it writes',
    async (_, lose, mend) => {
      const { scene, everybody, load } = await play();
      await load.answered(20);
      await lose();
      for (const one of everybody) await until(`${one.name} misses it`, async () => !(await redisState(one.url)));
      for (const one of everybody) expect(await get(one.url, '/health', null), one.name).toMatchObject(LOST);
      await load.answered(20);
      await mend();
      for (const one of everybody) await until(`${one.name} has it back`, () => redisState(one.url));
      await expectDoorbells(scene);
      await checkHistory(scene.database, await load.stop());
    },
  );

  const ENDS: [string, () => void][] = [
    ['keeps the old connections open', () => {}],
    ['drops the old connections without a word', () => wire.strand()],
  ];

  test.each(someOf(ENDS))('that failed over behind one address which %s is left by every client', async (_, drop) => {
    const { scene, everybody, load, session } = await play();
    await load.answered(20);
    const relay = everybody.find(({ name }) => name === 'relay')!;
    const token = scene.people.student.token;
    const listener = await listenOnWebSocket(relay.url, { token, session_id: session });
    await listener.until(({ type }) => type === 'SYNCED');
    const names = await namesAt(first);
    expect(names.length).toBeGreaterThan(15);
    await second.restart();
    await second.demote(first);
    await until('the replica follows', async () =>
      String(await second.tell('INFO', 'replication')).includes('link_status:up'),
    );
    await second.promote();
    wire.leadTo(second.url);
    drop();
    await first.demote();
    await until('all are at the new one', async () => `${await namesAt(second)}` === `${names}`);
    for (const one of everybody) await until(`${one.name} has it back`, () => redisState(one.url));
    await expectDoorbells(scene);
    const [, subscribers] = (await second.tell('PUBSUB', 'NUMSUB', await channelOf(session))) as [string, number];
    expect(subscribers).toBe(1);
    listener.close();
    await checkHistory(scene.database, await load.stop());
    [first, second] = [second, first];
  });

  test.runIf(isEverything)('that hangs costs no more time than one that is not there', async () => {
    const { scene, everybody, load, session } = await play();
    const [api] = everybody;
    await load.answered(20);
    const before = await load.stop();
    wire.freeze();
    for (const one of everybody) await until(`${one.name} misses it`, async () => !(await redisState(one.url)));
    const hanging = await quickest(HANGING_MS, () => medianOf(scene, api, session));
    wire.cut();
    wire.thaw();
    await first.kill();
    for (const one of everybody) await until(`${one.name} misses it`, async () => !(await redisState(one.url)));
    const refusing = await medianOf(scene, api, session);
    console.log(`median of a command: Redis hangs ${hanging} ms, refuses ${refusing} ms`);
    expect(hanging).toBeLessThan(1.25 * refusing + 100);
    await first.restart();
    const after = startLoad({ apis: [api.url], people: scene.people, sessions: await scene.openSessions(api, 2) });
    for (const one of everybody) await until(`${one.name} has it back`, () => redisState(one.url));
    await expectDoorbells(scene);
    await checkHistory(scene.database, [...before, ...(await after.stop())]);
  });

  async function play() {
    const { scene, everybody } = shared();
    const sessions = await scene.openSessions(everybody[0], 2);
    const load = startLoad({ apis: [everybody[0].url], people: scene.people, sessions });
    return { scene, everybody, load, session: sessions[0]! };
  }

  /** Of the processes' clients; replicas and the one that asks have none. */
  async function namesAt(redis: TestRedis): Promise<string[]> {
    const clients = String(await redis.tell('CLIENT', 'LIST'));
    return [...clients.matchAll(/ name=(plearoll-(?!test-)\S*)/g)].map(([, name]) => name!).sort();
  }

  async function channelOf(session: string): Promise<string> {
    const channels = (await second.tell('PUBSUB', 'CHANNELS')) as string[];
    return channels.find((name) => name.endsWith(`session:${session}`)) ?? 'none';
  }

  async function expectDoorbells(scene: Scene): Promise<void> {
    const doorbells = await scene.openQueue('commands');
    const before = await doorbells.getCompletedCount();
    await until('doorbells are answered', async () => (await doorbells.getCompletedCount()) > before + 5);
  }

  async function medianOf({ people }: Scene, { url }: Process, session: string): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < TIMED; i += 1) {
      const started = performance.now();
      const entry = { event_type: 'TIMED', details: { i } };
      expect((await post(url, `/api/session/${session}/log`, people.admin, entry)).status).toBe(200);
      times.push(performance.now() - started);
    }
    return Math.round(times.sort((a, b) => a - b)[(TIMED - 1) / 2]!);
  }
});
