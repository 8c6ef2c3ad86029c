/** A relay that is killed says nothing any more: who listened there is waited for, given up, and found again elsewhere. */
import { describe, expect, inject, test } from 'vitest';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { PRESENCE } from '../../src/infra/presence/presence.ts';
import { createRedisPresence } from '../../src/infra/presence/redis.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, type Json, must, openSession, post } from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { until } from '../support/processes.ts';
import { useRedis } from '../support/redis.ts';
import { openScene } from './scene.ts';

describe.skipIf(inject('redisUrl') === null)('a relay', () => {
  test('killed takes its leases with it; who is at another relay stays', async () => {
    const scene = await openScene({ redisUrl: inject('redisUrl')! });
    const { people } = scene;
    const [api, doomed, other] = await Promise.all([
      scene.startApi(),
      scene.startRelay(),
      scene.startRelay(),
      scene.startWorker(),
    ]);
    const { session_id, path } = await openSession(api.url, people);
    const join = (who: typeof people.judge, role: string) => must(post(api.url, `${path}/join`, who, { role }));
    await join(people.petitioner, 'petitioner');
    await join(people.respondent, 'respondent');
    await join(people.judge, 'judge');
    const listen = (url: string, { token }: typeof people.judge) => listenOnWebSocket(url, { token, session_id });
    const alone = await listen(doomed.url, people.petitioner);
    await listen(doomed.url, people.respondent);
    const second = await listen(other.url, people.respondent);
    const eventsOf = async (...types: string[]): Promise<Json[]> => {
      const { logs } = await must(get(api.url, `${path}/logs`, people.admin));
      return logs.filter(({ event_type }: Json) => types.includes(event_type));
    };
    const prefix = redisPrefix(await readInstallationId(scene.database.url, 'worker'));
    const redis = useRedis(inject('redisUrl')!);
    const presence = createRedisPresence(redis, prefix, PRESENCE);
    const seats = [people.petitioner, people.respondent].map(({ id }) => ({ session_id, user_id: id }));
    await until('both are held', async () => (await presence.arePresent(seats)).every(Boolean));
    await presence.close();
    redis.close();

    const killed_at = Date.now();
    doomed.signal('SIGKILL');
    await doomed.exited;
    await alone.closed;
    const [away] = await until('they are waited for', async () => {
      const found = await eventsOf('PARTICIPANT_RECONNECTING');
      return found.length > 0 ? found : undefined;
    });
    expect(Date.parse(away!.occurred_at) - killed_at).toBeLessThan(PRESENCE.lease_ms + 15_000);
    const [lost] = await until(
      'they are given up',
      async () => {
        const found = await eventsOf('PARTICIPANT_LOST');
        return found.length > 0 ? found : undefined;
      },
      90_000,
    );
    expect(lost!.payload.user_id).toBe(people.petitioner.id);
    const waited_ms = Date.parse(lost!.occurred_at) - Date.parse(away!.occurred_at);
    expect(waited_ms).toBeGreaterThanOrEqual(30_000);
    expect(waited_ms).toBeLessThan(50_000);

    const back = await listen(other.url, people.petitioner);
    await until('they are found again', async () => (await eventsOf('PARTICIPANT_RECONNECTED')).length > 0);
    const { items } = await must(get(api.url, `${path}/participants`, people.admin));
    expect(items.map(({ status, connection_count }: Json) => `${status} ${connection_count}`)).toEqual([
      'connected 2',
      'connected 1',
      'connected 1',
    ]);
    expect(await eventsOf('PARTICIPANT_RECONNECTING', 'PARTICIPANT_LOST')).toHaveLength(2);
    for (const socket of [back, second]) socket.close();
    await checkHistory(scene.database, []);
  });
});
