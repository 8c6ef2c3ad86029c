/**
 * A crowd that comes and goes on all transports while relays are killed: each listener's log is the committed log.
 * `npm run chaos -- --crowd 500` keeps it up for as long as is wanted.
 */
import { describe, expect, inject, test } from 'vitest';
import { lineOf, soakCrowd } from '../../chaos/crowdSoak.ts';
import { verifyAll } from '../../chaos/rounds.ts';
import { openScene } from './scene.ts';

const SOAK = { size: 500, sessions: 10, for_ms: 60_000, kill_every_ms: 15_000 };
const WITHIN_MS = 480_000;

describe.skipIf(inject('redisUrl') === null)('a crowd', () => {
  test('is told the record and nothing else, whoever comes and goes and whatever dies', {
    timeout: WITHIN_MS,
  }, async () => {
    const scene = await openScene({ redisUrl: inject('redisUrl')! });
    const startRelay = () => scene.startRelay({ WS_MAX_CONNECTIONS_PER_IP: '0' });
    const [api, , ...relays] = await Promise.all([scene.startApi(), scene.startWorker(), startRelay(), startRelay()]);
    const urls = (of: 'relay' | 'api') => (of === 'api' ? [api] : relays).map(({ url }) => url);
    const killRelay = async (nth: number) => {
      const { exited, signal } = relays[nth % relays.length]!;
      signal('SIGKILL');
      await exited;
      relays[nth % relays.length] = await startRelay();
    };
    const { faults, ...figures } = await soakCrowd({ pool: scene.database.pool, urls, killRelay }, SOAK);
    console.log(lineOf(figures));
    expect(faults).toEqual([]);
    expect(figures.kills).toBeGreaterThanOrEqual(2);
    expect(figures.onlookers).toBeGreaterThan(SOAK.size);
    expect(figures.connections).toBeGreaterThan(figures.onlookers);
    expect(await verifyAll(scene.database.url)).toEqual([]);
  });
});
