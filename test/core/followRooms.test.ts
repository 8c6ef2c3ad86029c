/** Which commits have a room read again for boards: those that change what a board shows of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FollowTools } from '../../jobs/apply/follower.ts';
import { followRooms } from '../../jobs/feeds/followRooms.ts';
import type { Submission } from '../../src/core/apply/inbox.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import { catalog } from '../../src/modules.ts';
import { openPasses, type Passes } from '../support/applierHarness.ts';

let court: Passes;

beforeAll(async () => {
  court = await openPasses(catalog);
});
afterAll(() => court.close());

async function touchedBy(...batch: Submission[]): Promise<string[]> {
  await court.accept(...batch);
  const decided = await court.pass({ work: workOf(batch) });
  expect(decided.outcomes.map(({ status }) => status)).toEqual(batch.map(() => 'applied'));
  const touched: string[] = [];
  followRooms(decided, { touchRooms: (ids: Iterable<string>) => touched.push(...ids) } as unknown as FollowTools);
  return touched;
}

test('a session that starts has its room read again, and an entry in its log has not', async () => {
  const place = await court.openPlace();
  expect(await touchedBy(court.order('session.start', place))).toEqual([place.assignment_id]);
  expect(await touchedBy(court.log(place, 1))).toEqual([]);
  expect(await touchedBy(court.log(place, 2), court.order('session.pause', place))).toEqual([place.assignment_id]);
});
