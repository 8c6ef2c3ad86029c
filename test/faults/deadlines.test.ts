/** The deadline of a turn is kept whatever dies while it runs: once, not before it, and by whoever is left. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { checkHistory } from '../support/checkHistory.ts';
import { get, must, openSession, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { killAll, type Process, until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { expectIntact } from '../support/verdict.ts';
import { type Scene, shareScene } from './scene.ts';

const ALLOTTED_MS = 2_000;
const SEGMENTS = [{ side: 'petitioner', kind: 'argument', allotted_ms: ALLOTTED_MS }];

describe.skipIf(inject('redisUrl') === null)('a turn under way', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const shared = shareScene(
    async () => ({ redisUrl: redis.url }),
    async (scene) => {
      const [api, ...workers] = await Promise.all([scene.startApi(), scene.startWorker(), scene.startWorker()]);
      return { scene, api, workers };
    },
  );

  async function play() {
    const { scene, api, workers } = shared();
    const format = { name: 'One speech', segments: SEGMENTS, on_expiry: 'end' };
    const { session_id, path } = await openSession(api.url, scene.people, { format });
    const { presiding, petitioner } = scene.people;
    const { items } = await must(get(api.url, `${path}/turns`, presiding));
    const turn = { turn_id: items[0].id as string, speaker_id: petitioner.id };
    const { result } = await must(post(api.url, `${path}/turn/start`, presiding, turn));
    return { scene, api, workers, session_id, path, deadline: result.clock.deadline as string };
  }

  async function expectEndedOnce(
    scene: Scene,
    api: Process,
    { session_id, path, deadline }: { session_id: string; path: string; deadline: string },
  ): Promise<void> {
    const { admin, presiding } = scene.people;
    const ended = async () => (await get(api.url, `${path}/turns`, admin)).body.items[0].state === 'ended';
    await until('the turn is ended', ended, 25_000);
    await must(post(api.url, `${path}/complete`, presiding, { skip_turns: true }));
    const { logs } = await must(get(api.url, `${path}/logs`, admin));
    const expiries = logs.filter((event: { event_type: string }) => event.event_type === 'TURN_EXPIRED');
    expect(expiries).toMatchObject([{ actor_id: 'system', payload: { deadline, ends: true } }]);
    expect(expiries[0].occurred_at >= deadline).toBe(true);
    await expectIntact(api.url, session_id, admin);
    await checkHistory(scene.database, []);
  }

  test.runIf(isEverything)('ends at its deadline though Redis was flushed, and the job with it', async () => {
    const { scene, api, ...turn } = await play();
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    await expectEndedOnce(scene, api, turn);
  });

  test('ends at its deadline though Redis is gone', async () => {
    const { scene, api, ...turn } = await play();
    onTestFinished(() => redis.restart());
    await redis.kill();
    await expectEndedOnce(scene, api, turn);
  });

  test.runIf(isEverything)('ends though the worker that began it is killed, by the other', async () => {
    const { scene, api, workers, ...turn } = await play();
    await killAll(workers.splice(0, 1));
    await expectEndedOnce(scene, api, turn);
  });

  test('ends once when every worker was dead at its deadline, by two that start together', async () => {
    const { scene, api, workers, ...turn } = await play();
    await killAll(workers);
    await until('the deadline has passed', () => Date.now() > Date.parse(turn.deadline));
    await Promise.all([scene.startWorker(), scene.startWorker()]);
    await expectEndedOnce(scene, api, turn);
  });
});
