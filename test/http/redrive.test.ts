/** A dead command: how it is answered, and its redrive, which is a new command with the same input and actor. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newCommandId } from '../../src/core/chain/ids.ts';
import { problemBody } from '../../src/core/definitions/problem.ts';
import { type Cast, cast, get, must, openSession, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('a dead command', () => {
  const root = person('super_admin');
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; assignment_id: string; path: string };
  let dead: string;
  let key: string;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });

  afterAll(() => stack.stop());

  /** A start that failed three times: what the applier leaves behind of a command that cannot be decided. */
  beforeEach(async () => {
    session = await openSession(stack.url, people, { start: false });
    dead = newCommandId();
    key = randomUUID();
    const { id, institution_id } = people.presiding;
    const fingerprint = createHash('sha256').update(`POST ${session.path}/start\n{}`).digest();
    const stream = `session:${session.session_id}`;
    await stack.pool.query(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, actor_institution_id, institution_id,
         idempotency_scope, idempotency_key, fingerprint, reply_to, request_id, status, attempts, last_error, finished_at, outcome)
       values ($1, 'session.start', $2, $3, $4, $5, 'judge', $6, $6, $5, $7, $8, 'nobody', 'none', 'dead', 3, 'boom', now(), $9)`,
      [
        ...[dead, stream, [stream, `assignment:${session.assignment_id}`], { session_id: session.session_id }],
        ...[id, institution_id, key, fingerprint, JSON.stringify({ problem: problemBody('command_dead') })],
      ],
    );
  });

  afterEach(() => expectIntact(stack.url, session.session_id, people.admin));

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const redrive = (id = dead, who: Person = root, headers = {}) =>
    post(url(), `/api/command/${id}/redrive`, who, undefined, headers);
  const stateOf = async (id: string, who: Person = root) => (await get(url(), `/api/command/${id}`, who)).body;

  test('is answered 500 with the place to look, to who sent it and sends it again', async () => {
    const answer = await post(url(), `${session.path}/start`, people.presiding, undefined, { 'idempotency-key': key });
    expect(answer).toMatchObject({ status: 500, body: { code: 'command_dead', command_id: dead } });
    expect(answer.headers.get('location')).toBe(`/api/command/${dead}`);
    expect(answer.headers.get('idempotent-replayed')).toBe('true');
    expect(JSON.stringify(answer.body)).not.toContain('boom');
    expect(await stateOf(dead, people.presiding)).toMatchObject({ status: 'dead', attempts: 3, problem: answer.body });
  });

  test('is redriven as a new command of who sent it, and stays dead itself', async () => {
    const answer = await redrive();
    expect(answer).toMatchObject({ status: 200, body: { status: 'applied', result: { status: 'active' } } });
    const { command_id } = answer.body;
    expect(command_id).not.toBe(dead);
    const { logs } = (await get(url(), `${session.path}/logs`, people.admin)).body;
    expect(logs.at(-1)).toMatchObject({ event_type: 'SESSION_STARTED', actor_id: people.presiding.id });
    const { rows } = await stack.pool.query(`select redrive_of, actor_id, actor_role from commands where id = $1`, [
      command_id,
    ]);
    expect(rows).toEqual([{ redrive_of: dead, actor_id: people.presiding.id, actor_role: 'judge' }]);
    expect((await stateOf(dead)).status).toBe('dead');
    expect(await stateOf(command_id, people.presiding)).toMatchObject({ name: 'session.start', status: 'applied' });
  });

  test('is redriven once, however many ask', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => redrive()));
    expect(new Set(answers.map(({ body }) => body.command_id)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test('may be answered before its outcome, as any command', async () => {
    const answer = await redrive(dead, root, { prefer: 'respond-async' });
    expect(answer.status).toBe(202);
    const done = await get(url(), answer.headers.get('location')!, root, { prefer: 'wait=20' });
    expect(done.body).toMatchObject({ status: 'applied' });
  });

  test('is decided anew: what has become wrong meanwhile is rejected', async () => {
    await must(post(url(), `${session.path}/start`, people.admin));
    expect(await redrive()).toMatchObject({ status: 409, body: { code: 'invalid_transition', from: 'active' } });
  });

  test('alone is redriven', async () => {
    const { command_id } = await must(post(url(), `${session.path}/start`, people.admin));
    expect(await redrive(command_id)).toMatchObject({ status: 409, body: { code: 'not_dead' } });
    const again = (await redrive()).body.command_id;
    expect(await redrive(again)).toMatchObject({ status: 409, body: { code: 'not_dead' } });
  });
});
