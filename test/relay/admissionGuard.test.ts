/** The guard before admission: how many are admitted at a time, and that a relay which stops admits nobody. */
import { expect, test } from 'vitest';
import { Problem } from '../../src/core/definitions/problem.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import type { Admitted, Request } from '../../src/relay/listeners/admission.ts';
import { createAdmissionGuard } from '../../src/relay/listeners/admissionGuard.ts';

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
  return { admit: createAdmissionGuard(options)(admit), waiting, results, drain };
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

test('an address that was refused so often is not looked at for a while; others are, and one of the allowlist is', async () => {
  const looked: string[] = [];
  const admit = async ({ address }: Request): Promise<Admitted> => {
    looked.push(address);
    throw new Problem('unauthenticated');
  };
  const isAllowlisted = (address: string) => address === '198.51.100.1';
  const guarded = createAdmissionGuard({
    ...{ addresses: { realAddress: () => '', isAllowlisted }, isDraining: () => false },
    ...{ metrics: createMetrics(), mostRefused: 2 },
  })(admit);
  const codeFor = (address: string) =>
    guarded({ ...request, address }).then(
      () => 'let in',
      ({ body }: Problem) => body.code,
    );
  const unlucky = ['203.0.113.1', '203.0.113.1', '203.0.113.1', '203.0.113.2', ...Array(3).fill('198.51.100.1')];
  const codes = [];
  for (const address of unlucky) codes.push(await codeFor(address));
  expect(codes).toEqual([
    ...['unauthenticated', 'unauthenticated', 'rate_limited'],
    ...['unauthenticated', 'unauthenticated', 'unauthenticated', 'unauthenticated'],
  ]);
  expect(looked).toEqual(unlucky.toSpliced(2, 1));
});

test('what is refused through no fault of the address is not counted', async () => {
  const admit = () => Promise.reject(new Problem('unavailable'));
  const options = { addresses, isDraining: () => false, metrics: createMetrics(), mostRefused: 1 };
  const guarded = createAdmissionGuard(options)(admit);
  for (let n = 0; n < 3; n += 1)
    await expect(guarded(request)).rejects.toMatchObject({ body: { code: 'unavailable' } });
});
