/** The door shuts before more is accepted than can be worked off soon, loses nothing of it, and opens by itself. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { acceptCommands, type Submission } from '../../src/core/apply/inbox.ts';
import { newCommandId } from '../../src/core/chain/ids.ts';
import { boundFor, SHUT_AT_SECONDS } from '../../src/infra/backlog/backlog.ts';
import { amountAt } from '../support/amounts.ts';
import { checkHistory, untilSettled } from '../support/checkHistory.ts';
import {
  type Answer,
  assignmentBody,
  type Cast,
  cast,
  get,
  must,
  openSession,
  person,
  post,
} from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
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
  /** A command of an institution of its own. */
  const create = (url: string): Promise<Answer> => {
    const others = cast();
    const prefer = { prefer: 'respond-async' };
    return post(url, '/api/assignment/create', others.admin, assignmentBody(others), prefer);
  };
  const metric = (name: string) => amountAt(name, [stack]);

  test('a stream that somebody has locked shuts the door for itself alone', { timeout: 300_000 }, async () => {
    const stuck = sessions[0]!.session_id;
    const stranger = await stack.pool.connect();
    onTestFinished(() => stranger.release(true));
    await stranger.query('begin');
    await stranger.query('select from streams where stream = $1 for update', [`session:${stuck}`]);
    const { body } = await send(stack.url, 0);
    // So that nobody has to wait for it: a worker says so when it waits for ten seconds, the door cares after sixty.
    const age = async (seconds: number) => {
      const text = `update commands set accepted_at = accepted_at - $2 * interval '1 second' where id = $1 and status = 'accepted'`;
      expect((await stack.pool.query(text, [body.command_id, seconds])).rowCount).toBe(1);
    };
    await age(15);
    await until('it is known to be stuck', async () => (await metric('inbox_stuck_streams')) === 1);
    await age(3_600);
    for (const url of stack.apis) {
      const refused = await until('its own commands are refused', async () => {
        const answer = await send(url, 0);
        return answer.status === 503 ? answer : undefined;
      });
      expect(refused.body).toMatchObject({ code: 'backlog', detail: expect.stringContaining('waits for a lock') });
      expect((await send(url, 1)).status).toBe(202);
      await openSession(url, cast());
      expect((await get(url, '/health', null)).body).toMatchObject({ degraded: false });
    }
    expect(await metric('inbox_stuck_streams')).toBe(1);
    expect(await metric('inbox_backlogged')).toBe(0);
    await stranger.query('rollback');
    for (const url of stack.apis) {
      await until('its commands are taken again', async () => (await send(url, 0)).status === 202);
    }
    await untilSettled(stack.pool, 60_000);
    // A worker's last word would be believed for two minutes, also where by now nothing waits in the stream.
    const unmarked = `select from inbox_mark where stuck = '{}'`;
    await until('no stream is marked any more', async () => (await stack.pool.query(unmarked)).rowCount);
    await until('that is told', async () => (await metric('inbox_stuck_streams')) === 0);
    await checkHistory(stack.database, []);
  });

  test('what galleries flood is refused when it fills its quarter, and the court goes on meanwhile', {
    timeout: 300_000,
  }, async () => {
    const [loud, other] = [cast(), cast()];
    const galleries = await Promise.all(
      [loud, other].flatMap((of) => [of, of].map((one) => openSession(stack.url, one, { gallery: 'always' } as never))),
    );
    for (const [i, { path }] of galleries.entries()) {
      await must(post(stack.url, `${path}/gallery/slow`, (i < 2 ? loud : other).admin, { seconds: 30 }));
    }
    await stack.stopWorkers();
    const stranger = await stack.pool.connect();
    onTestFinished(() => stranger.release(true));
    const streams = galleries.map(({ session_id }) => `gallery:${session_id}`);
    const each = Math.ceil(boundFor(0) / 4 / galleries.length);
    for (const [i, { session_id }] of galleries.entries()) {
      const { institution_id } = i < 2 ? loud : other;
      const one = () => ({ ...entry(galleries[i]!), name: 'gallery.slow', streams: [streams[i]!], institution_id });
      const input = { session_id, seconds: 30 };
      const actor = { id: loud.admin.id, role: 'super_admin' as const, institution_id: null };
      for (let at = 0; at < each; at += 500) {
        const batch = Array.from({ length: Math.min(500, each - at) }, () => ({ ...one(), input, actor }));
        await acceptCommands(stack.pool as never, batch);
      }
    }
    const slow = (url: string) =>
      post(url, `${galleries[0]!.path}/gallery/slow`, loud.admin, { seconds: 30 }, { prefer: 'respond-async' });
    const author = person('participant', { institution_id: loud.institution_id });
    const said = { text: 'Does the treaty bind the harbour?', category: 'question' };
    const say = (url: string) =>
      post(url, `${galleries[0]!.path}/gallery/post`, author, said, { prefer: 'respond-async' });
    for (const url of stack.apis) {
      const refused = await until('the gallery is refused', async () => {
        const answer = await slow(url);
        return answer.status === 503 ? answer : undefined;
      });
      expect(refused.body).toMatchObject({ code: 'backlog', detail: expect.stringContaining('galleries') });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await say(url)).toMatchObject({ status: 503, body: { code: 'backlog' } });
      expect((await send(url, 1)).status).toBe(202);
    }
    expect(await metric('inbox_backlogged')).toBe(0);
    // Of the gallery nothing is applied, for as long as that takes.
    await stranger.query('begin');
    await stranger.query('select from streams where stream = any($1) for update', [streams]);
    await stack.startWorkers();
    for (const url of stack.apis) {
      const path = `/api/session/${galleries[0]!.session_id}/log`;
      expect((await post(url, path, loud.admin, { event_type: 'ENTRY', details: {} })).status).toBe(200);
    }
    const left = `select count(*)::int as count from commands where name = 'gallery.slow' and status = 'accepted'`;
    expect((await stack.pool.query(left)).rows[0].count).toBeGreaterThanOrEqual(4 * each);
    await spare();
    await stranger.query('rollback');
    for (const url of stack.apis)
      await until('the gallery is taken again', async () => (await slow(url)).status === 202, 90_000);
    // What was refused began no cooldown.
    expect((await say(stack.url)).status).toBe(202);
    await untilSettled(stack.pool, 60_000);
    await checkHistory(stack.database, []);
  });

  test('shuts the door for who fills it, then for all, and opens it when it is worked off', {
    timeout: 300_000,
  }, async () => {
    await stack.stopWorkers();
    // What other APIs accept counts as well; the rest comes in over HTTP.
    await fill(boundFor(0) / 2 - 200);
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
    // An API counts what came in since its last look on the safe side: there may be room for a few more until the next.
    await until('the share is seen to be full', async () => {
      n += 1;
      answers.push(await send(stack.url, n));
      return (await metric('inbox_refused_institutions')) === 1 && answers.at(-1)!.status === 503;
    });

    const refused = answers.filter(({ status }) => status === 503);
    expect(refused[0]!.body).toMatchObject({ code: 'backlog', type: 'urn:plearoll:problem:backlog' });
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted.length + refused.length).toBe(answers.length);
    expect(accepted.length).toBeGreaterThan(0);
    expect(await metric('backlog_refusals_total')).toBeGreaterThan(0);
    const before = await count();
    expect((await send(stack.url, 0)).status).toBe(503);
    expect(await count()).toBe(before);
    for (const path of [`/api/session/${sessions[0]!.session_id}`, '/health', '/ready']) {
      expect((await get(stack.url, path, people.admin)).status, path).toBe(200);
    }
    await until('health tells of it', async () => (await get(stack.url, '/health', null)).body.degraded);

    for (const url of stack.apis) expect((await create(url)).status).toBe(202);
    expect(await metric('inbox_backlogged')).toBe(0);
    await stack.pool.query(
      `update commands set accepted_at = accepted_at - $1 * interval '1 second' where position in
         (select position from commands where status = 'accepted' order by position limit 1)`,
      [SHUT_AT_SECONDS],
    );
    for (const url of stack.apis) await until('all are refused', async () => (await create(url)).status === 503);
    // What /metrics says may be a second old.
    await until('it is told', async () => (await metric('inbox_backlogged')) === 1);

    const spared = await spare();
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
    expect(rows.length).toBeGreaterThanOrEqual(before - spared);
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

  /** In a short run few of those that filled the inbox are worked off: thousands more take long, and show the same. @returns how many are not */
  async function spare(): Promise<number> {
    if (isEverything) return 0;
    const { rowCount } = await stack.pool.query(
      `delete from commands where reply_to = 'nobody' and status = 'accepted' and position not in
         (select position from commands where reply_to = 'nobody' and status = 'accepted' order by position limit 1000)`,
    );
    return rowCount!;
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
