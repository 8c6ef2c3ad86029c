/** Streams that wait alone are tried again by what they are: those of the court wait for none that is apart from it. */
import { expect, onTestFinished, test } from 'vitest';
import { createBackOff } from '../../jobs/apply/backOff.ts';
import type { Postponed } from '../../src/core/apply/outcome.ts';
import type { Work } from '../../src/core/definitions/stream.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';

test('a stream of the court is tried again while the try of one that is apart has not come to its end', async () => {
  const tried: string[] = [];
  let end = () => {};
  const hanging = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function retry(work: Work): Promise<ReadonlyMap<string, Postponed>> {
    tried.push(...work.keys());
    if (work.has('gallery:1')) await hanging;
    return new Map();
  }
  const backOff = createBackOff({
    ...{
      retry,
      isApart: (subject) => subject.startsWith('gallery:'),
      db: { query: async () => ({ rows: [] }) } as never,
    },
    ...{ metrics: createMetrics(), log: createLog('silent', 'test') },
  });
  onTestFinished(async () => {
    end();
    await backOff.close();
  });
  const postponed = (stream: string): [string, Postponed] => [
    stream,
    { streams: [stream], reason: 'locked', detail: '' },
  ];
  backOff.add(new Map([postponed('gallery:1')]));
  await expect.poll(() => tried, { timeout: 20_000 }).toEqual(['gallery:1']);
  backOff.add(new Map([postponed('session:1')]));
  await expect.poll(() => tried, { timeout: 20_000 }).toEqual(['gallery:1', 'session:1']);
});
