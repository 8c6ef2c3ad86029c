/** The page about metrics says of each what it is, and of none that is not; and counting by the second. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { createRate } from '../../src/infra/telemetry/rate.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');
/** What prom-client reads from /proc. */
const ON_LINUX = /^process_(virtual_memory_bytes|heap_bytes|open_fds|max_fds)/;
const ROW = /^\| `(\w+)` \| (\w+) \| ([^|]*) ?\| (.+) \|$/gm;

test('the page lists every metric that a process has, with its type and labels, and no other', () => {
  const { registry } = createMetrics();
  const rows = [...PAGE.matchAll(ROW)].map(([, name, type, labels]) => {
    return `${name} ${type} ${[...labels!.matchAll(/(?:^|; )`(\w+)`/g)].map(([, label]) => label)}`;
  });
  const own = registry.getMetricsAsArray().map((metric) => {
    const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: string[] };
    return `${name} ${type} ${labelNames}`;
  });
  const here = process.platform === 'linux' ? rows : rows.filter((row) => !ON_LINUX.test(row));
  expect(here.sort()).toEqual(own.sort());
});

/** Tests, without what their comments say. */
const TESTS = readdirSync(join(import.meta.dirname, '..'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && file !== 'infra/metrics.test.ts')
  .map((file) => readFileSync(join(import.meta.dirname, '..', file), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, ''));

test('each of ours is seen to move by a test that reads it', () => {
  const { registry: _, deliveries: __, sent: ___, whenAsked: ____, ...ours } = createMetrics();
  const unseen = Object.entries(ours).filter(([key, metric]) => {
    const { name } = metric as unknown as { name: string };
    const isRead = (text: string) =>
      text.includes(`metrics.${key}.get()`) || (text.includes('support/amounts.ts') && text.includes(`'${name}'`));
    return !TESTS.some(isRead);
  });
  expect(unseen.map(([key]) => key)).toEqual([]);
});

describe('a rate', () => {
  test('is what there was in the last whole second', () => {
    let now = 10_000;
    const rate = createRate(() => now);
    for (const at of [10_000, 10_400, 10_999, 11_000, 11_500]) {
      now = at;
      rate.count(1);
    }
    expect(rate.perSecond()).toBe(3);
    now = 12_000;
    expect(rate.perSecond()).toBe(2);
    now = 13_000;
    expect(rate.perSecond()).toBe(0);
  });

  test('is nothing after a silence', () => {
    let now = 0;
    const rate = createRate(() => now);
    rate.count(1);
    now = 5_000;
    expect(rate.perSecond()).toBe(0);
  });
});
