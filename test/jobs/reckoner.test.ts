/** What is reckoned in a thread of its own is what is reckoned here, and the event loop turns meanwhile. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openReckoner, type Reckoner } from '../../jobs/behaviour/reckoner.ts';
import { behaviourOf, type Sent } from '../../src/behaviour/behaviour.ts';
import { featuresOf } from '../../src/behaviour/features/features.ts';
import { baselineOf } from '../../src/behaviour/risk/baseline.ts';
import { syntheticPerson, syntheticSession } from '../support/syntheticPeople.ts';

let reckoner: Reckoner;
beforeEach(() => {
  reckoner = openReckoner();
});
afterEach(() => reckoner.close());

const sentIn = (session: number, batches: number): Sent[] =>
  Array.from({ length: batches }, (_, n) => ({
    started_at: new Date(Date.UTC(2026, 8, 1) + n * 600_000).toISOString(),
    behaviour: JSON.stringify(syntheticSession(syntheticPerson(1), session * 1_000 + n)),
  }));

test('a model is the same there and here', async () => {
  const sessions = Array.from({ length: 14 }, (_, n) => sentIn(n, 3));
  const here = sessions.map((sent) => featuresOf(behaviourOf(sent)));
  const there = await Promise.all(sessions.map((sent) => reckoner.reckon('vector', sent)));
  expect(there).toEqual(here);
  expect(await reckoner.reckon('baseline', there)).toEqual(baselineOf(here));
  expect(await reckoner.reckon('baseline', there.slice(0, 4))).toBeNull();
});

test('the event loop is held for less than half of what it takes to reckon', { retry: 2 }, async () => {
  // More than any session has, so that there is something to see.
  const sent = sentIn(0, 80);
  await reckoner.reckon('vector', sent.slice(0, 1));
  const began = performance.now();
  const here = featuresOf(behaviourOf(sent));
  const reckoned_ms = performance.now() - began;
  let [longest_ms, looked] = [0, performance.now()];
  const look = setInterval(() => {
    longest_ms = Math.max(longest_ms, performance.now() - looked);
    looked = performance.now();
  }, 1);
  const there = await reckoner.reckon('vector', sent);
  clearInterval(look);
  longest_ms = Math.max(longest_ms, performance.now() - looked);
  expect(there).toEqual(here);
  expect(longest_ms).toBeLessThan(reckoned_ms / 2);
});

test('a fault there fails who asked, and nothing else', async () => {
  const asked = reckoner.reckon('vector', [{ started_at: '2026-09-01T00:00:00.000Z', behaviour: 'no JSON' }]);
  await expect(asked).rejects.toThrow(/JSON/);
});

test('who asks one that has ended is told so', async () => {
  const asked = reckoner.reckon('baseline', []);
  const failed = expect(asked).rejects.toThrow('ended');
  await reckoner.close();
  await failed;
});
