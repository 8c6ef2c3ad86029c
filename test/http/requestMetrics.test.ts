/** Requests are timed by route and kind of answer, and nothing that a client sends makes a new series. */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../src/modules.ts';
import { type Cast, cast, get, openSession, person, post, send } from '../support/client.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)(`requests, ${kind}`, () => {
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

  /** Every series of the process: names with their labels, without the values. */
  const series = async (): Promise<string[]> => {
    const { body } = await get(stack.url, '/metrics', null);
    const lines = (body.text as string).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
  };
  const timed = async () =>
    new Set((await series()).flatMap((one) => /^http_request_duration_seconds_count\{(.*)\}$/.exec(one)?.[1] ?? []));

  test('are timed under the pattern of their route and the class of their answer', async () => {
    await get(stack.url, session.path, people.admin);
    await get(stack.url, `/api/session/${randomUUID()}`, people.admin);
    await get(stack.url, '/nowhere', null);
    await get(stack.url, '/jobs/api/queues', person('super_admin'));
    await send(stack.url, 'DELETE', session.path, people.admin);
    for (const labels of [
      'route="/api/session/:session_id/start",status="2xx"',
      'route="/api/session/:session_id",status="2xx"',
      'route="/api/session/:session_id",status="4xx"',
      'route="none",status="4xx"',
      'route="/jobs",status="2xx"',
    ]) {
      await expect.poll(timed).toContain(labels);
    }
  });

  test('whatever they ask for, make no series beyond our routes', async () => {
    const noise = async (n: number) => {
      const id = randomUUID();
      await Promise.all([
        get(stack.url, `/api/session/${id}`, people.admin, { 'x-request-id': id }),
        get(stack.url, `/api/session/${id}/logs?start_sequence=${n + 1}`, people.admin),
        get(stack.url, `/${id}/${n}`, null),
        get(stack.url, `/jobs/queue/${id}`, person('super_admin')),
        get(stack.url, `/api/docs/${id}`, null),
        get(stack.url, `/api/command/${id}`, people.admin),
        post(stack.url, `/api/session/${id}/start`, people.admin),
        post(stack.url, `${session.path}/log`, people.admin, { event_type: `TYPE_${n}`, details: { id } }),
        send(stack.url, 'PROPFIND', `/api/${id}`, null),
      ]);
    };
    await noise(0);
    await expect.poll(timed).toContain('route="/api/session/:session_id/log",status="2xx"');
    const before = new Set(await series());
    for (let n = 1; n <= 20; n++) await noise(n);
    // Node.js counts its own kinds of handles, whatever is asked for.
    const grown = (await series()).filter((one) => !before.has(one) && !one.startsWith('nodejs_'));
    expect(grown).toEqual([]);
    const routes = new Set([...(await timed())].map((labels) => /route="([^"]*)"/.exec(labels)![1]!));
    const listed = new Set(commands.map(({ route }) => route.split(' ')[1]!));
    const others =
      /^(none|\/jobs|\/metrics|\/api\/session\/:session_id(\/logs|\/verify)?|\/api\/command\/:command_id)$/;
    expect([...routes].filter((route) => !listed.has(route) && !others.test(route))).toEqual([]);
  });

  test('that are given up are counted as such', async () => {
    const { hostname, port } = new URL(stack.url);
    const socket = connect(Number(port), hostname);
    const body = JSON.stringify({ event_type: 'NOTE', details: {} });
    const head = [`POST ${session.path}/log HTTP/1.1`, 'Host: x', `Authorization: Bearer ${people.admin.token}`];
    const lines = [...head, 'Content-Type: application/json', `Content-Length: ${body.length + 1}`, '', body];
    socket.write(lines.join('\r\n'), () => socket.destroy());
    await expect.poll(timed).toContain('route="/api/session/:session_id/log",status="aborted"');
  });
});
