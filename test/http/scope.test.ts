/** Who sees what, for each visibility, and that nobody can tell what is hidden from what there is not. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, get, must, type Person, post, send } from '../support/client.ts';
import { NAMES, openWorld, type World } from '../support/everybody.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

/** Who sees a session of each visibility, and its assignment; in the order of NAMES. Without a token: its reads alone. */
const WHO_SEES: { [visibility: string]: string } = {
  institution: 'yes yes no  yes yes yes no  yes yes yes yes no  401',
  private: '    yes yes no  yes yes no  no  yes yes yes no  no  401',
  public: '     yes yes yes yes yes yes yes yes yes yes yes yes reads',
};
const words = (text: string) => text.trim().split(/\s+/);

describe.skipIf(isLeftOut)('who sees what', () => {
  let stack: Stack;
  let world: World;

  beforeAll(async () => {
    stack = await startStack();
    world = openWorld(stack);
  });

  afterAll(() => stack.stop());

  const readsOf = (session_id: string, assignment_id: string) => [
    `/api/assignment/${assignment_id}`,
    ...['', '/participants', '/logs', '/replay', '/verify'].map((path) => `/api/session/${session_id}${path}`),
  ];

  test.each(Object.keys(WHO_SEES))('what is %s', async (visibility) => {
    const { session_id, assignment_id } = await world.open(visibility, 'start');
    const lists = ['/api/assignment/list', '/api/session/active/list'];
    const seen = await Promise.all(
      NAMES.map(async (name) => {
        const ask = (path: string) => get(world.url(), path, world.everybody[name]!);
        const answers = await Promise.all(readsOf(session_id, assignment_id).map(ask));
        const listed = (await Promise.all(lists.map(ask))).map(({ status, body }) =>
          status === 200 ? (JSON.stringify(body).includes(assignment_id) ? 200 : 404) : status,
        );
        return [name, [...answers.map(({ status }) => status), ...listed].join(' ')];
      }),
    );
    // The match, its session's five reads, and the two lists.
    const answers: { [cell: string]: string } = {
      ...{ yes: '200 200 200 200 200 200 200 200', no: '404 404 404 404 404 404 404 404' },
      ...{ '401': '401 401 401 401 401 401 401 401', reads: '401 200 200 200 200 200 401 401' },
    };
    const expected = words(WHO_SEES[visibility]!).map((cell) => answers[cell]);
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(NAMES.map((name, i) => [name, expected[i]])));
    await expectIntact(world.url(), session_id, world.people.admin);
  });

  test('what is out of scope and what does not exist are answered with the same bytes', async () => {
    const { admin, student } = world.people;
    const { session_id, assignment_id } = await world.open('institution', 'start');
    const path = `/api/session/${session_id}`;
    const observation_id = (await must(post(world.url(), `${path}/observe`, student))).result.id;
    const { command_id } = await must(post(world.url(), `${path}/pause`, admin));
    const hidden = [session_id, assignment_id, observation_id, command_id];
    const invented = new Map(hidden.map((id: string) => [id, randomUUID() as string]));
    const elsewhere = (text: string) => hidden.reduce((left, id) => left.replace(id, invented.get(id)), text);
    const asks: [method: string, path: string, body?: object][] = [
      ...[...readsOf(session_id, assignment_id), `/api/command/${command_id}`].map((at): [string, string] => [
        'GET',
        at,
      ]),
      ...['start', 'complete', 'leave', 'observe', `observe/${observation_id}/leave`].map((verb): [string, string] => [
        'POST',
        `${path}/${verb}`,
      ]),
      ['POST', `${path}/join`, { role: 'judge' }],
      ['POST', `${path}/log`, { event_type: 'NOTE', details: {} }],
      ['POST', '/api/session/create', { assignment_id }],
    ];
    const ask = async (method: string, at: string, body?: object) =>
      shown(await send(world.url(), method, at, world.everybody.judgeElsewhere as Person, body));
    for (const [method, at, body] of asks) {
      const missing = await ask(method, elsewhere(at), body && JSON.parse(elsewhere(JSON.stringify(body))));
      expect(await ask(method, at, body)).toEqual(missing);
      expect(missing).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });

  /** An answer without what names the request. */
  const shown = ({ status, headers, body }: Answer) => ({
    status,
    headers: [...headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name)),
    body: { ...body, request_id: undefined, instance: (body.instance as string).replaceAll(/[0-9a-f-]{36}/g, '<id>') },
  });
});
