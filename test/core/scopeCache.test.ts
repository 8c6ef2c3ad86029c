/** Scope facts are kept, but never longer than they are true: not after a change, and not for a refusal. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { isVisible, type Scope } from '../../src/access/scope.ts';
import { createScopeCache, type ScopeCache } from '../../src/access/scopeCache.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { openPasses, type Passes, type Place } from '../support/applierHarness.ts';
import { judge, superAdmin } from '../support/matchFixture.ts';

let passes: Passes;
let place: Place;
let door: ReturnType<typeof openPool>;
let cache: ScopeCache;
let looks: number;
/** StreamState back while somebody sets it: answers are as of before. */
let gate: Promise<void>;

beforeAll(async () => {
  passes = await openPasses(catalog);
  door = openPool(passes.database.url, 'door', 1, () => {});
});
afterAll(async () => {
  await door.end();
  await passes.close();
});

beforeEach(async () => {
  place = await passes.openPlace();
  looks = 0;
  gate = Promise.resolve();
  const query = async (text: string, values: unknown[]) => {
    looks += 1;
    const answer = await door.query(text, values);
    await gate;
    return answer;
  };
  cache = createScopeCache({ query } as unknown as Queryable);
});

const anyone = () => true;
const findSession = (isAllowed: (scope: Scope) => boolean = anyone) =>
  cache.find({ kind: 'session', id: place.session_id }, isAllowed);

async function replaceJudge(): Promise<void> {
  const replacement = { user_id: randomUUID(), name: 'Judge Mbeki' };
  const input = { assignment_id: place.assignment_id, user_id: judge.id, replacement };
  const streams = [`assignment:${place.assignment_id}`, `session:${place.session_id}`];
  const order = { ...passes.order('assignment.substitute', place, input), streams };
  await passes.accept(order);
  await passes.passAll([order]);
}

test('a session and its assignment are one scope, looked for once', async () => {
  const scope = (await findSession())!;
  expect(scope).toMatchObject({ ...place, visibility: 'institution' });
  expect(await findSession()).toBe(scope);
  expect(await cache.find({ kind: 'assignment', id: place.assignment_id }, anyone)).toBe(scope);
  expect(looks).toBe(1);
});

test('a refusal costs one look each time, whether there is something or not', async () => {
  await findSession();
  for (let i = 1; i <= 3; i++) {
    await findSession(() => false);
    await cache.find({ kind: 'session', id: randomUUID() }, anyone);
    expect(looks).toBe(1 + 2 * i);
  }
});

test('after a change it is read again: who was replaced is out, and known to be', async () => {
  const guest = { ...judge, institution_id: randomUUID() };
  expect(isVisible((await findSession())!, guest)).toBe(true);
  await replaceJudge();
  cache.forget(place.assignment_id);
  const scope = (await findSession())!;
  expect(isVisible(scope, guest)).toBe(false);
  expect([...scope.replaced]).toEqual([judge.id]);
  expect(isVisible(scope, superAdmin)).toBe(true);
  expect(looks).toBe(2);
});

test('what was being read while it changed is not kept', async () => {
  let open = () => {};
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const early = findSession();
  await replaceJudge();
  cache.forgetAll();
  open();
  await early;
  expect((await findSession())!.roster.has(judge.id)).toBe(false);
  expect(looks).toBe(2);
});
