/** The readers of a gallery are counted without an event. */
import { expect, test } from 'vitest';
import { countVisits } from '../../../src/gallery/visits/countVisits.ts';
import { given } from '../../support/given.ts';
import { SESSION, system } from '../../support/matchFixture.ts';

const visitors = [{ visitor: 'ab'.repeat(16), views: 3 }];
const body = { session_id: SESSION, day: '2026-11-21', visitors };

test('each by a row of its own, and the inbox keeps nothing of them', () => {
  const { writes, recorded } = given().when(countVisits, body, system).then()!;
  expect(recorded.stream).toBeNull();
  expect(writes).toMatchObject([
    { table: 'gallery_visits', key: { visitor: visitors[0]!.visitor }, set: { day: body.day, views: 3 }, insert: true },
  ]);
  expect(countVisits.keeps!(body)).toEqual({ session_id: SESSION });
});

test('at most so many at once, each by a hash', () => {
  const fits = (these: object[]) => countVisits.body.safeParse({ ...body, visitors: these }).success;
  expect([fits([]), fits([{ visitor: 'Ada', views: 1 }]), fits(Array(501).fill(visitors[0]))]).toEqual([
    false,
    false,
    false,
  ]);
});
