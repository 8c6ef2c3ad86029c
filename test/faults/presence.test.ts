/** What relays say of their listeners, whatever becomes of the relays and of Redis: exact again within a lease. */
import { Redis } from 'ioredis';
import { describe, expect, inject, test } from 'vitest';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { REPORT_LEASE_MS } from '../../src/infra/reports/reports.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { type Process, until } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';
import { openScene } from './scene.ts';

describe.skipIf(inject('redisUrl') === null)('listeners are counted', () => {
  const root = person('super_admin');

  async function open(redisUrl = inject('redisUrl')!) {
    const scene = await openScene({ redisUrl });
    const [api, one, other] = await Promise.all([
      scene.startApi(),
      scene.startRelay(),
      scene.startRelay(),
      scene.startWorker(),
    ]);
    const { session_id, path } = await openSession(api.url, scene.people);
    const listen = (relay: Process, { token }: Person, connect = listenOnWebSocket): Promise<Listener> =>
      connect(relay.url, { token, session_id });
    const listeners = async (): Promise<number | null> =>
      (await must(get(api.url, `${path}/presence`, root))).listeners;
    const counted = (count: number) => until(`${count} are counted`, async () => (await listeners()) === count);
    const sockets = async () => must(get(api.url, '/ops/sockets', root));
    return { scene, people: scene.people, api, one, other, session_id, path, listen, listeners, counted, sockets };
  }

  test.runIf(isEverything)(
    'without those of a killed relay within its lease, and never wrongly meanwhile',
    async () => {
      const { scene, people, api, one, other, listen, listeners, counted, sockets } = await open();
      await Promise.all([listen(one, people.petitioner), listen(one, people.respondent, listenOnSocketIo)]);
      const onlooker = await listen(other, people.judge);
      await counted(3);
      await onlooker.until(({ type, listeners }) => type === 'PRESENCE' && listeners === 3);
      one.signal('SIGKILL');
      await one.exited;
      const killed_at = performance.now();
      const seen = new Set<number | null>();
      await until('they are gone', async () => {
        seen.add(await listeners());
        return seen.has(1);
      });
      expect(performance.now() - killed_at).toBeLessThan(REPORT_LEASE_MS + 8_000);
      expect([...seen]).toEqual([3, 1]);
      expect((await onlooker.until(({ type, listeners }) => type === 'PRESENCE' && listeners === 1)).type).toBe(
        'PRESENCE',
      );
      expect(await sockets()).toMatchObject({ total_connections: 1, unique_users: 1, relays: [{ connections: 1 }] });
      await until('health knows', async () => (await get(api.url, '/health', null)).body.active_connections === 1);
      onlooker.close();
      await checkHistory(scene.database, []);
    },
  );

  test.runIf(isEverything)(
    'without those of a relay that is stopped at once, and a participant who comes back elsewhere was never gone',
    async () => {
      const { scene, people, api, one, other, path, listen, listeners, counted, sockets } = await open();
      await must(post(api.url, `${path}/join`, people.petitioner, { role: 'petitioner' }));
      const first = await listen(one, people.petitioner);
      const onlooker = await listen(other, people.judge);
      await counted(2);
      const prefix = redisPrefix(await readInstallationId(scene.database.url, 'worker'));
      const redis = new Redis(inject('redisUrl')!);
      const leases = () => redis.zcard(`${prefix}presence:leases`);
      await until('both have a lease', async () => (await leases()) === 2);
      one.signal('SIGTERM');
      expect(await first.closed).toBe(4503);
      const back = await listen(other, people.petitioner);
      await one.exited;
      expect((await sockets()).relays).toHaveLength(1);
      await counted(2);
      expect(await listeners()).toBe(2);
      await until('the lease that was left has run out', async () => (await leases()) === 2);
      redis.disconnect();
      onlooker.close();
      await until('what came after is told', async () => (await listeners()) === 1);
      const { logs } = await must(get(api.url, `${path}/logs`, people.admin));
      const types = logs.map(({ event_type }: Json) => event_type);
      expect(types.filter((type: string) => type.startsWith('PARTICIPANT_'))).toEqual(['PARTICIPANT_JOINED']);
      back.close();
      await checkHistory(scene.database, []);
    },
  );

  test('again once Redis is back, empty; meanwhile it is said that they are not known', async () => {
    const redis = await startRedis();
    try {
      const { scene, people, api, one, other, listen, listeners, counted } = await open(redis.url);
      await listen(one, people.petitioner);
      const onlooker = await listen(other, people.judge);
      await counted(2);
      await redis.kill();
      await until('they are not known', async () => (await listeners()) === null);
      expect((await get(api.url, '/ops/sockets', root)).body).toMatchObject({ status: 503, code: 'unavailable' });
      await redis.restart();
      await counted(2);
      await until('health knows', async () => (await get(api.url, '/health', null)).body.active_connections === 2);
      onlooker.close();
      await counted(1);
      await checkHistory(scene.database, []);
    } finally {
      await redis.stop();
    }
  });
});
