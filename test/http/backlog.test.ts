/** The door shuts before more is accepted than can be worked off soon, loses nothing of it, and opens by itself. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newCommandId } from '../../src/core/ids.ts';
import { acceptCommands, type Submission } from '../../src/core/inbox.ts';
import { SHUT_AT } from '../../src/infra/backlog.ts';
import { checkHistory, untilSettled } from '../support/checkHistory.ts';
import { type Answer, type Cast, cast, get, openSession, person, post } from '../support/client.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const SESSIONS = 40;
const CLIENTS = 16;

describe.skipIf(isLeftOut)('a backlog', () => {
  let stack: Stack;
  let people: Cast;
  let sessions: { session_id: string; assignment_id: string }[];
  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    sessions = await Promise.all(Array.from({ length: SESSIONS }, () => openSession(stack.url, people)));
  });
  afterAll(() => stack.stop());

  const send = (url: string, n: number): Promise<Answer> =>
    post(
      url,
      `/api/session/${sessions[n % SESSIONS]!.session_id}/log`,
      people.admin,
      { event_type: 'ENTRY', details: { n } },
      { prefer: 'respond-async' },
    );
  const metric = async (name: string) => {
    const { body } = await get(stack.url, '/metrics', null);
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(body.text)?.[1]);
  };

  test('shuts the door for commands alone, and opens it when it is worked off', { timeout: 120_000 }, async () => {
    await stack.stopWorkers();
    // What other APIs accept counts as well; the rest comes in over HTTP.
    await fill(SHUT_AT.pending - 200);
    const answers: Answer[] = [];
    let n = 0;
    const flood = async (client: number) => {
      const url = stack.apis[client % stack.apis.length]!;
      for (let answer: Answer | undefined; answer?.status !== 503; ) {
        n += 1;
        answer = await send(url, n);
        answers.push(answer);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => flood(client)));

    const refused = answers.filter(({ status }) => status === 503);
    expect(refused[0]!.body).toMatchObject({ code: 'backlog', type: 'urn:plearoll:problem:backlog' });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted.length + refused.length).toBe(answers.length);
    expect(accepted.length).toBeGreaterThanOrEqual(200);
    expect(await metric('inbox_backlogged')).toBe(1);
    expect(await metric('backlog_refusals_total')).toBeGreaterThan(0);
    const before = await count();
    expect((await send(stack.url, 0)).status).toBe(503);
    expect(await count()).toBe(before);
    for (const path of [`/api/session/${sessions[0]!.session_id}`, '/health', '/ready']) {
      expect((await get(stack.url, path, people.admin)).status, path).toBe(200);
    }

    await stack.startWorkers();
    for (const url of stack.apis) {
      await until('the door is open', async () => (await send(url, 0)).status === 202, 60_000);
    }
    await untilSettled(stack.pool, 60_000);
    for (const { body } of accepted.filter((_, i) => i % 20 === 0)) {
      const state = await get(stack.url, `/api/command/${body.command_id}`, person('super_admin'));
      expect(state.body.status).toBe('applied');
    }
    const rows = await checkHistory(stack.database, []);
    expect(rows.length).toBeGreaterThanOrEqual(before);
    expect(rows.every(({ status }) => status === 'applied')).toBe(true);
  });

  async function count(): Promise<number> {
    const { rows } = await stack.pool.query('select count(*)::int as count from commands');
    return rows[0].count;
  }

  async function fill(commands: number): Promise<void> {
    for (let at = 0; at < commands; at += 500) {
      const batch = Array.from({ length: Math.min(500, commands - at) }, (_, i) =>
        entry(sessions[(at + i) % SESSIONS]!),
      );
      await acceptCommands(stack.pool as never, batch);
    }
  }

  function entry({ session_id, assignment_id }: (typeof sessions)[number]): Submission {
    return {
      id: newCommandId(),
      name: 'session.log',
      streams: [`session:${session_id}`, `assignment:${assignment_id}`],
      input: { session_id, event_type: 'ENTRY', details: {} },
      actor: { id: people.admin.id, role: 'admin', institution_id: people.institution_id },
      institution_id: people.institution_id,
      expected_sequence: null,
      idempotency: null,
      fingerprint: null,
      reply_to: 'nobody',
      request_id: randomUUID(),
      redrive_of: null,
    };
  }
});
