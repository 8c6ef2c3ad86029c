/** Pages end where they are long enough, and walking on from page to page meets everything once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, type Cast, cast, get, type Json, must, openSession, person, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { dial, expectUnnoticed, startTarget, watchHealth } from '../support/target.ts';
import { expectIntact } from '../support/verdict.ts';

const ENTRIES = 40;
const MIB = 1024 * 1024;
/** A page may end with its longest item. */
const LONGEST = MIB + 128 * 1024;
const entry = (i: number) => ({ event_type: 'NOTE', details: { i, text: '\u00e9'.repeat(30_000) } });

describe.skipIf(isLeftOut)(`pages, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    session = await openSession(stack.url, people);
    for (let i = 0; i < ENTRIES; i++) await must(post(stack.url, `${session.path}/log`, people.admin, entry(i)));
  });

  afterAll(async () => {
    await expectIntact(stack.url, session.session_id, people.admin);
    await stack.stop();
  });

  const lengthOf = (body: Json) => Buffer.byteLength(JSON.stringify(body));

  test.each([
    ['logs', 'start_sequence'],
    ['replay', 'from_sequence'],
  ])('of %s end at about a megabyte, and the next begins where they say', async (route, from) => {
    const sequences: number[] = [];
    let pages = 0;
    for (let next: number | null = 1; next !== null; pages++) {
      const page: Json = await must(get(stack.url, `${session.path}/${route}?${from}=${next}`, people.admin));
      expect(lengthOf(page)).toBeLessThan(LONGEST);
      expect(page.logs.length).toBeGreaterThan(0);
      expect(page.end_sequence).toBe(page.logs.at(-1).event_sequence);
      sequences.push(...page.logs.map(({ event_sequence }: Json) => event_sequence));
      if (page.next_sequence !== null) expect(lengthOf(page)).toBeGreaterThan(MIB / 2);
      next = page.next_sequence;
    }
    const { head }: Json = await must(get(stack.url, session.path, people.admin));
    expect(sequences).toEqual(Array.from({ length: head.event_sequence }, (_, i) => i + 1));
    expect(pages).toBeGreaterThan(2);
  });

  test('of logs are as long as was asked for where that is less', async () => {
    const { logs, next_sequence } = await must(
      get(stack.url, `${session.path}/logs?start_sequence=5&limit=3`, people.admin),
    );
    expect([logs.map(({ event_sequence }: Json) => event_sequence), next_sequence]).toEqual([[5, 6, 7], 8]);
    const part = await must(get(stack.url, `${session.path}/logs?start_sequence=5&end_sequence=6`, people.admin));
    expect([part.logs.length, part.next_sequence]).toEqual([2, null]);
  });

  test('of lists end there as well, and their cursors go on', async () => {
    const others = cast();
    const crowd = (side: string) =>
      Array.from({ length: 20 }, (_, i) => person('participant', { name: `${side} ${i} ${'\u20ac'.repeat(180)}` })).map(
        ({ id, name }) => ({ user_id: id, name }),
      );
    const roster = () => ({ petitioner: crowd('P'), respondent: crowd('R'), moderators: crowd('M') });
    const made = await Promise.all(
      Array.from({ length: 40 }, () =>
        must(post(stack.url, '/api/assignment/create', others.admin, assignmentBody(others, roster()))),
      ),
    );
    const ids: string[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const page: Json = await must(
        get(stack.url, `/api/assignment/list?limit=200${cursor && `&cursor=${cursor}`}`, others.admin),
      );
      expect(lengthOf(page)).toBeLessThan(LONGEST);
      for (const item of page.items) expect(Object.keys(item)).not.toContain('bytes_before');
      ids.push(...page.items.map(({ id }: Json) => id));
      cursor = page.next_cursor;
    }
    expect(ids).toEqual(made.map(({ result }) => result.id).sort());
    expect(pages).toBeGreaterThan(1);
  });

  test.each(['0x10', '1e2', '+5', '5.0', '%205', '', '0', '1001', '99999999999999999999'])(
    'of %s items are refused',
    async (limit) => {
      const { status, body } = await get(stack.url, `${session.path}/logs?limit=${limit}`, people.admin);
      expect([status, body.errors?.[0]?.pointer]).toEqual([422, '/limit']);
    },
  );
});

describe.skipIf(isLeftOut || !isEverything)(`sixty long pages that nobody reads, ${kind}`, () => {
  test('take little memory, and nobody beside them notices', async () => {
    const target = await startTarget();
    const { path, people, port } = target;
    for (let i = 0; i < ENTRIES; i++) await must(post(target.url, `${path}/log`, people.admin, entry(i)));
    const before = target.memoryMiB();
    const health = await watchHealth(target.url);
    const wires = Array.from({ length: 60 }, () => dial(port));
    for (const { socket } of wires) {
      socket.pause();
      socket.write(`GET ${path}/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${people.admin.token}\r\n\r\n`);
    }
    await health.seen(100);
    await expectUnnoticed(health);
    // The 60 answers were 144 MB as they were, and are 60 MB now; Node keeps some of what it has had.
    expect(target.memoryMiB() - before).toBeLessThan(300);
    for (const { socket } of wires) socket.destroy();
    await target.expectUnharmed();
  });
});
