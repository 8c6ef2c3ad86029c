/** A refusal is never many times its request: faults, pointers and texts are bounded, and so is the work for them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, openSession, post, send } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { dial, expectUnnoticed, startTarget, watchHealth } from '../support/target.ts';
import { expectIntact } from '../support/verdict.ts';

const KIB = 1_024;
const LARGEST = 64 * KIB;

/** As many bad numbers as a body takes, under a key of 32,000 characters. */
function bodyWith(char: string): string {
  const key = char.repeat(32_000);
  return `{"client_info":{"${key}":[${Array(Math.floor((65_400 - key.length) / 4)).fill('0.5')}]}}`;
}

describe.skipIf(isLeftOut)(`refusals, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    session = await openSession(stack.url, people);
  });

  afterAll(async () => {
    await expectIntact(stack.url, session.session_id, people.admin);
    await stack.stop();
  });

  async function refusalOf(body: string, path = `${session.path}/log`) {
    const response = await fetch(stack.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${people.admin.token}` },
      body,
    });
    const text = await response.text();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LARGEST);
    expect(response.status).toBe(422);
    const problem = JSON.parse(text) as { errors: { pointer: string; detail: string }[]; more?: number };
    expect(problem.errors.length).toBeLessThanOrEqual(100);
    for (const { pointer } of problem.errors) expect(pointer.length).toBeLessThanOrEqual(200);
    return problem;
  }
  const entry = (details: string) => `{"event_type":"NOTE","details":${details}}`;

  test('name the first hundred faults and say how many more there are', async () => {
    const { errors, more } = await refusalOf(entry(`{"n":[${Array(15_000).fill('0.5')}]}`));
    expect(errors[0]).toEqual({ pointer: '/details/n/0', detail: 'numbers are integers within 2^53-1' });
    expect([errors.length, more]).toEqual([100, 14_900]);
  });

  test('say nothing of more where all faults are named', async () => {
    const problem = await refusalOf(entry(`{"n":[${Array(100).fill('0.5')}]}`));
    expect([problem.errors.length, 'more' in problem]).toEqual([100, false]);
  });

  test('cut pointers at 200 characters, and no escape in two', async () => {
    for (const char of ['k', '~', '/', '\u{1f5ff}']) {
      const { errors } = await refusalOf(entry(`{"${char.repeat(15_000)}":0.5}`));
      const { pointer } = errors[0]!;
      expect(pointer.length).toBeGreaterThanOrEqual(199);
      expect(pointer.isWellFormed() && !/~(?![01])/.test(pointer)).toBe(true);
    }
  });

  test('stay below 64 KiB where every character of a pointer takes six bytes', async () => {
    const { errors, more } = await refusalOf(entry(`{"${'\\u0001'.repeat(300)}":[${Array(1_000).fill('0.5')}]}`));
    expect(errors.length).toBeGreaterThan(20);
    expect(errors.length + more!).toBe(1_000);
  });

  test('count unknown fields, and what a schema finds, like all other faults', async () => {
    const unknown = Array.from({ length: 3_000 }, (_, i) => `"field_${i}":1`);
    expect(await refusalOf(`{"event_type":"NOTE","details":{},${unknown}}`)).toMatchObject({ more: 2_900 });
    const bench = `{"panel":[${Array(3_000).fill('{"a":1,"b":2}')}]}`;
    expect((await refusalOf(bench, '/api/assignment/create')).errors.length).toBeGreaterThan(5);
  });

  test('of a form and of a query are bounded as well', async () => {
    const form = new FormData();
    form.set('n'.repeat(10_000), 'x');
    const upload = await fetch(`${stack.url}${session.path}/exhibit/upload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${people.presiding.token}` },
      body: form,
    });
    expect((await upload.text()).length).toBeLessThan(4 * KIB);
    const query = Array.from({ length: 900 }, (_, i) => `unknown_${i}=1`).join('&');
    const { status, body } = await get(stack.url, `${session.path}/logs?${query}`, people.admin);
    expect([status, body.errors.length, body.more]).toEqual([422, 100, 800]);
  });

  test('repeat no more of a path than helps, in the body or in a header', async () => {
    const long = 'x'.repeat(12_000);
    for (const path of [`/${long}`, `/api/session/${long}`, `/api/session/${randomUUID()}/${long}`]) {
      const { status, body } = await get(stack.url, path, people.admin);
      expect([status, body.instance.length]).toEqual([404, 200]);
    }
    const { socket, closed } = dial(Number(new URL(stack.url).port));
    const followed = 'Host: x\r\nSec-Fetch-Mode: navigate\r\nConnection: close\r\n\r\n';
    socket.write(`GET /api/command/${'%C3%A9'.repeat(1_000)} HTTP/1.1\r\n${followed}`);
    expect((await closed).length).toBeLessThan(2_500);
    const { status, body } = await send(stack.url, 'PUT', `${session.path}/logs`, people.admin);
    expect([status, body.code]).toEqual([405, 'method_not_allowed']);
  });

  test('of a word between numbers name nothing of the input but its place', async () => {
    const { status, body } = await post(stack.url, `${session.path}/log`, people.admin, `{"a":${'[x,'.repeat(15_000)}`);
    expect([status, body.code, body.detail.length < 200]).toEqual([400, 'malformed_json', true]);
  });
});

describe.skipIf(isLeftOut)(`twelve bodies of the worst kind at once, ${kind}`, () => {
  test.runIf(isEverything)('are answered with less than they sent, and nobody beside them notices', async () => {
    const target = await startTarget();
    const before = target.memoryMiB();
    const health = await watchHealth(target.url);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => {
        const body = bodyWith(i % 2 === 0 ? 'k' : '~');
        const { socket, closed } = dial(target.port);
        socket.write(
          `POST /api/session/${randomUUID()}/observe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
            `Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        return closed;
      }),
    );
    await health.seen(1);
    await expectUnnoticed(health);
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 422 /);
      expect(answer.length).toBeLessThan(LARGEST + KIB);
    }
    expect(target.memoryMiB() - before).toBeLessThan(150);
    await target.expectUnharmed();
  });
});
