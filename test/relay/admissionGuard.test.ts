/** The guard before admission: how many are admitted at a time, and that a relay which stops admits nobody. */
import { expect, test } from 'vitest';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import type { Admitted, Request } from '../../src/relay/listeners/admission.ts';
import { guardAdmission } from '../../src/relay/listeners/admissionGuard.ts';

const request = { transport: 'websocket', address: '203.0.113.1' } as Request;
const addresses = { realAddress: () => '', isAllowlisted: () => false };

function guarded(mostUnderWay: number) {
  const metrics = createMetrics();
  const waiting: (() => void)[] = [];
  let draining = false;
  const admit = () => new Promise<Admitted>((resolve) => waiting.push(() => resolve({ resumed: false } as Admitted)));
  const options = { addresses, isDraining: () => draining, metrics, mostUnderWay };
  const results = async () => {
    const { values } = await metrics.admissions.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.result, value]));
  };
  const drain = () => {
    draining = true;
  };
  return { admit: guardAdmission(admit, options), waiting, results, drain };
}

test('more than so many at a time are sent away, to come back at different moments', async () => {
  const { admit, waiting, results } = guarded(2);
  const underWay = [admit(request), admit(request)];
  const refused = await Promise.all(Array.from({ length: 100 }, () => admit(request).catch((error) => error)));
  for (const { body } of refused) expect(body).toMatchObject({ status: 503, code: 'backlog' });
  expect(new Set(refused.map(({ headers }) => headers['Retry-After'])).size).toBeGreaterThan(2);
  for (const { headers } of refused) expect(Number(headers['Retry-After'])).toBeLessThanOrEqual(5);
  for (const admitOne of waiting) admitOne();
  await Promise.all(underWay);
  const next = admit(request);
  waiting.at(-1)!();
  await next;
  expect(await results()).toEqual({ new: 3, backlog: 100 });
});

test('a relay that stops admits nobody', async () => {
  const { admit, waiting, drain } = guarded(2);
  drain();
  await expect(admit(request)).rejects.toMatchObject({ body: { status: 503, code: 'unavailable' } });
  expect(waiting).toEqual([]);
});
