/** A relay that stops, or dies, loses its clients nothing: they go on at another from their last event. */
import { describe, expect, inject, test } from 'vitest';
import { checkHistory } from '../support/checkHistory.ts';
import { get, must, openSession, post } from '../support/client.ts';
import { someOf } from '../support/everything.ts';
import { followWith } from '../support/follower.ts';
import { openScene } from './scene.ts';

const CLIENTS = 20;

describe.skipIf(inject('redisUrl') === null)('the clients of a relay', () => {
  test.each(someOf(['SIGKILL', 'SIGTERM'] as const))('that ends by %s go on at another', async (signal) => {
    const scene = await openScene({ redisUrl: inject('redisUrl')! });
    const env = { WS_MAX_CONNECTIONS_PER_USER: '0', WS_MAX_CONNECTIONS_PER_IP: '0' };
    const [api, doomed, other] = await Promise.all([
      scene.startApi(),
      scene.startRelay(env),
      scene.startRelay(env),
      scene.startWorker(),
    ]);
    const { session_id: session, path } = await openSession(api.url, scene.people);
    const { token } = scene.people.student;
    const followers = Array.from({ length: CLIENTS }, () => {
      let visits = 0;
      const url = () => {
        visits += 1;
        return visits === 1 ? doomed.url : other.url;
      };
      return followWith({ url, api: api.url, session, token, from: 0 });
    });
    const log = (n: number) =>
      must(post(api.url, `${path}/log`, scene.people.presiding, { event_type: 'NOTE', details: { n } }));
    for (const { becomes } of followers) await becomes('live');
    for (let n = 1; n <= 10; n += 1) {
      if (n === 5) doomed.signal(signal);
      await log(n);
    }
    await doomed.exited;
    for (let n = 11; n <= 15; n += 1) await log(n);
    const { logs } = await must(get(api.url, `${path}/logs`, scene.people.admin));
    for (const { client, events, broken, errors, states, reached } of followers) {
      await reached(17);
      expect(events).toEqual(logs);
      expect([broken, errors]).toEqual([[], []]);
      expect(states).toContain('stale');
      client.close();
    }
    await checkHistory(scene.database, []);
  });
});
