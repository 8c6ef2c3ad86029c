/** A risk that was read is kept for who may read it, and for nobody else. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UNKNOWN } from '../../src/behaviour/risk/risk.ts';
import { dropRisk, findKeptRisk, keepRisk, type ReadRisk } from '../../src/behaviour/trained/keptRisk.ts';
import type { Actor, Role } from '../../src/core/definitions/actor.ts';
import { createCache } from '../../src/infra/cache/cache.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';

const { anomalies: _, ...risk } = { ...UNKNOWN, score: 64, level: 'high', action: 'reauthenticate' } as const;

describe('the risk of a login session', () => {
  const cache = createCache({
    redis: undefined,
    prefix: '',
    metrics: createMetrics(),
    log: createLog('silent', 'test'),
  });
  const one = (role: Role, institution_id: string | null, id: string = randomUUID()): Actor => ({
    id,
    role,
    institution_id,
  });
  const root = one('super_admin', null);

  function found(told: ReadRisk['risk'] = risk) {
    const read = { id: randomUUID(), user_id: randomUUID(), institution_id: randomUUID(), risk: told };
    const { user_id, institution_id } = read;
    const [person, admin] = [one('judge', institution_id, user_id), one('admin', institution_id)];
    return { read, person, admin, find: (reader: Actor) => findKeptRisk(cache, reader, read.id) };
  }

  test('is there for its person and for any admin of the institution, once one of them has read it', async () => {
    const { read, person, admin, find } = found();
    await keepRisk(cache, person, read);
    expect([await find(person), await find(admin), await find(root)]).toEqual([read, undefined, undefined]);
    await keepRisk(cache, admin, read);
    expect([await find(one('admin', read.institution_id)), await find(root)]).toEqual([read, undefined]);
  });

  test('is there for nobody of another institution, and for no other person, whoever has read it', async () => {
    const { read, person, admin, find } = found();
    for (const reader of [person, admin, root]) await keepRisk(cache, reader, read);
    const elsewhere = randomUUID();
    const strangers = [one('admin', elsewhere), one('judge', read.institution_id), one('judge', elsewhere, person.id)];
    for (const stranger of strangers) expect(await find(stranger)).toBeUndefined();
  });

  test('is known not to be there, until there is one', async () => {
    const { read, admin, person, find } = found(null);
    await keepRisk(cache, admin, read);
    expect([await find(admin), await find(person)]).toEqual([read, undefined]);
    await dropRisk(cache, { ...read, login_id: read.id });
    await keepRisk(cache, admin, read);
    expect(await find(admin)).toBeUndefined();
  });

  test('is known not to be there for a day at most, however often somebody looks', async () => {
    const { read, admin, find } = found(null);
    const put = (hours: number) =>
      cache.put('session', `admins ${read.institution_id} ${read.id}`, {
        ...read,
        kept_at: Date.now() - hours * 3_600_000,
      });
    await put(23.9);
    expect(await find(admin)).toEqual(read);
    await put(24);
    expect(await find(admin)).toBeUndefined();
  });

  test('is not kept where somebody has read it who came by another institution', async () => {
    const { read, person } = found();
    const guest = one('judge', randomUUID(), person.id);
    await keepRisk(cache, guest, read);
    expect(await findKeptRisk(cache, guest, read.id)).toBeUndefined();
  });

  test('goes for all of them where there is another one, and whoever read before that brings nothing back', async () => {
    const { read, person, admin, find } = found();
    const readers = [person, admin, root];
    for (const reader of readers) await keepRisk(cache, reader, read);
    await dropRisk(cache, { ...read, login_id: read.id });
    for (const reader of readers) await keepRisk(cache, reader, read);
    for (const reader of readers) expect(await find(reader)).toBeUndefined();
  });

  test('goes with all that is kept of its person', async () => {
    const { read, person, admin, find } = found();
    const readers = [person, admin, root];
    for (const reader of readers) await keepRisk(cache, reader, read);
    expect(await cache.invalidateUser(person.id)).toBe(3);
    for (const reader of readers) expect(await find(reader)).toBeUndefined();
  });
});
