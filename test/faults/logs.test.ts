/**
 * What operators read when everything is written down: one request and one trace can be followed through every process,
 * and nobody's address, number or token stands anywhere.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { assignmentBody, get, type Json, must, person, post, send } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { killAll, type Process, startProcess, until } from '../support/processes.ts';
import { SECRET } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';
import type { SpanLine } from './recordSpans.ts';
import { openScene, type Scene } from './scene.ts';

const redisUrl = inject('redisUrl');
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

/** What must not stand in any log. */
const EMAILS = ['ada.petrova@law.example.org', 'clerk@tab.example'];
const PHONES = ['+44 20 7946 0958', '555-010-9999', '07700900123'];
const ADDRESSES = ['192.0.2.17', '2001:db8::8a2e:370:7334'];
const SAID = { reason: 'He made that up.', ruling: 'Rephrase it, counsel.', description: 'A note was passed.' };

const RECORDER = { NODE_OPTIONS: `--import=${join(import.meta.dirname, '../../dist/test/faults/recordSpans.js')}` };

describe.skipIf(redisUrl === null)('the logs of all processes', () => {
  interface Running {
    scene: Scene;
    api: Process;
    relay: Process;
    worker: Process;
  }

  async function startAll(env: Record<string, string>): Promise<Running> {
    const scene = await openScene({ redisUrl: redisUrl! });
    const settings = { DATABASE_URL: scene.database.url, REDIS_URL: redisUrl!, JWT_SECRET: SECRET, RELAY_PORT: '0' };
    const [api, relay, worker] = await Promise.all([
      scene.startApi(env),
      startProcess('relay', 'src/processes/relay.js', [], { ...settings, ...env }),
      scene.startEntry('poisonedWorker', [], env),
    ]);
    onTestFinished(() => killAll([relay]));
    return { scene, api, relay, worker };
  }

  const linesOf = (process: Process): Json[] =>
    process
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Json);
  const found = (process: Process, fits: (line: Json) => boolean) =>
    until(`${process.name} says so`, () => linesOf(process).find(fits), 25_000);

  test('tell nothing about people, however much they are asked to tell', async () => {
    const { scene, api, relay, worker } = await startAll({ LOG_LEVEL: 'trace', ACCESS_LOG_LEVEL: 'info' });
    const { people } = scene;
    const everybody = [...Object.values(people), person('super_admin')].filter((one) => typeof one !== 'string');
    const telling = { note: [...EMAILS, ...PHONES, ...ADDRESSES].join(', '), token: people.admin.token };
    const headers = {
      ...{ 'x-request-id': 'journey-1', 'x-forwarded-for': ADDRESSES[0]!, 'user-agent': EMAILS[0]! },
      ...{ cookie: `session=${people.judge.token}`, 'idempotency-key': EMAILS[1]!, from: EMAILS[0]! },
    };

    const body = assignmentBody(people, { title: `${EMAILS[0]} against ${PHONES[0]}` });
    const { result } = await must(post(api.url, '/api/assignment/create', people.admin, body, headers));
    const created = await must(
      post(api.url, '/api/session/create', people.admin, { assignment_id: result.id, metadata: { contact: telling } }),
    );
    const path = `/api/session/${created.result.id}`;
    await must(post(api.url, `${path}/start`, people.presiding));
    const seat = { role: 'petitioner', client_info: { mail: EMAILS[0], ip: ADDRESSES[1] } };
    await must(post(api.url, `${path}/join`, people.petitioner, seat));
    const { items } = await must(get(api.url, `${path}/turns`, people.presiding));
    const turn_id = items[0].id as string;
    const act = (verb: string, body: Json, who = people.presiding) => must(post(api.url, `${path}/${verb}`, who, body));
    const { reason, ruling, description } = SAID;
    await act('turn/start', { turn_id, speaker_id: people.petitioner.id });
    const objecting = { turn_id, ground: 'procedural', reason };
    const { result: objection } = await act('objection/raise', objecting, people.respondent);
    await act('objection/rule', { objection_id: objection.id, decision: 'sustained', ruling });
    await act('violation/record', { user_id: people.petitioner.id, kind: 'coaching', description });
    const session_id = created.result.id as string;
    const token = people.student.token;
    const listeners = await Promise.all([
      listenOnWebSocket(relay.url, { token, session_id, last_sequence: 0 }),
      listenOnSocketIo(relay.url, { token, session_id, last_sequence: 0 }),
    ]);
    for (const listener of listeners) listener.send({ type: EMAILS[0], token });
    await expect(listenOnWebSocket(relay.url, { token: `${token}x`, session_id })).rejects.toThrow('401');
    const entry = { event_type: 'NOTE', details: telling };
    await must(post(api.url, `${path}/log`, people.admin, entry));
    await Promise.all(listeners.map((listener) => listener.until(({ event_type }: Json) => event_type === 'NOTE')));
    // What is refused, what cannot be read, and what fails with all that it was given as the reason.
    for (const [method, at, what] of [
      ['POST', `${path}/log`, { event_type: EMAILS[0] }],
      ['POST', `${path}/log`, `{"mail": "${EMAILS[0]}"`],
      ['GET', `${path}?mail=${encodeURIComponent(EMAILS[0]!)}&token=${token}`, undefined],
      ['GET', `/${EMAILS[0]}/${PHONES[1]}`, undefined],
      ['POST', '/jobs/login', { token }],
    ] as const) {
      expect((await send(api.url, method, at, people.admin, what, headers)).status).toBeGreaterThanOrEqual(400);
    }
    const details = { poison: 'tell', ...telling };
    const { body: dead } = await post(
      api.url,
      `${path}/log`,
      people.admin,
      { event_type: 'NOTE', details },
      { prefer: 'wait=30' },
    );
    expect(dead).toMatchObject({ code: 'command_dead' });
    const said = await found(worker, ({ msg }) => msg === 'command is dead');
    expect(said.error).toMatch(/\[email\].*\[phone\].*\[address\]/);
    for (const listener of listeners) listener.close();
    await expectIntact(api.url, session_id, people.admin);

    for (const process of [...scene.processes, relay]) {
      // Where a server of ours is that does not answer is told by its address.
      const text = process.output().replaceAll(new URL(redisUrl!).host, 'redis');
      const lines = text.trim().split('\n');
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
      for (const secret of [...EMAILS, ...PHONES, ...ADDRESSES, SECRET, '127.0.0.1', '::1', 'eyJ']) {
        expect(text, process.name).not.toContain(secret);
        expect(text, process.name).not.toContain(encodeURIComponent(secret));
      }
      for (const said of [...Object.values(SAID), people.petitioner.name]) expect(text).not.toContain(said);
      for (const one of everybody) expect(text).not.toContain(one.token.split('.')[2]);
    }
  });

  test('name the request of every command in every process, and its trace', async () => {
    const { scene, api, relay, worker } = await startAll({ LOG_LEVEL: 'debug' });
    const { people } = scene;
    const [session_id] = (await scene.openSessions(api, 1)) as [string];
    const listener = await listenOnWebSocket(relay.url, { token: people.student.token, session_id, last_sequence: 0 });
    await listener.until(({ type }) => type === 'SYNCED');
    const request_id = randomUUID();
    const headers = { 'x-request-id': request_id, traceparent: TRACEPARENT };
    const path = `/api/session/${session_id}/log`;
    const answer = await post(api.url, path, people.admin, { event_type: 'NOTE', details: {} }, headers);
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([200, request_id]);
    const { command_id } = answer.body;
    const of = (msg: string) => (line: Json) => line.msg === msg && line.request_id === request_id;
    expect(await found(api, of('request'))).toMatchObject({
      ...{ method: 'POST', route: '/api/session/:session_id/log', status: 200, command_id },
    });
    expect(await found(worker, of('rung'))).toMatchObject({ command_id });
    const settled = { command_id, command: 'session.log', status: 'applied', attempts: 1, trace_id: TRACE_ID };
    expect(await found(worker, of('command settled'))).toMatchObject(settled);
    expect(await found(relay, of('event heard'))).toMatchObject({ session_id, event_sequence: 3, trace_id: TRACE_ID });
    const { rows } = await scene.database.pool.query('select request_id, traceparent from commands where id = $1', [
      command_id,
    ]);
    expect(rows).toEqual([{ request_id, traceparent: TRACEPARENT }]);
    listener.close();
    await expectIntact(api.url, session_id, people.admin);
  });

  test.runIf(isEverything)('are silent about requests where the level says so, and probes are never told', async () => {
    const scene = await openScene({ redisUrl: redisUrl! });
    const env = { LOG_LEVEL: 'info', ACCESS_LOG_LEVEL: 'debug' };
    const [api] = await Promise.all([scene.startApi(env), scene.startWorker(env)]);
    await scene.openSessions(api, 1);
    await get(api.url, '/health', null);
    await get(api.url, '/nowhere', null);
    expect(linesOf(api).filter(({ msg }) => msg === 'request')).toEqual([]);
    const loud = await scene.startApi({ ACCESS_LOG_LEVEL: 'warn' });
    await get(loud.url, '/health', null);
    await get(loud.url, '/metrics', null);
    await get(loud.url, `/nowhere?token=${randomUUID()}`, null);
    expect(await found(loud, ({ msg }) => msg === 'request')).toMatchObject({ level: 40, route: 'none', status: 404 });
    expect(linesOf(loud).filter(({ msg }) => msg === 'request')).toHaveLength(1);
  });

  test.runIf(isEverything)(
    'an operator who registers a tracer sees each request accepted, applied and published',
    async () => {
      const scene = await openScene({ redisUrl: redisUrl! });
      const [api, worker] = await Promise.all([scene.startApi(RECORDER), scene.startWorker(RECORDER)]);
      const [session_id] = (await scene.openSessions(api, 1)) as [string];
      const { people } = scene;
      const answer = await post(
        ...([api.url, `/api/session/${session_id}/log`, people.admin, { event_type: 'NOTE', details: {} }] as const),
        { traceparent: TRACEPARENT, 'x-request-id': 'traced' },
      );
      const { command_id } = answer.body;
      const accept = (await found(
        api,
        ({ attributes }) => attributes?.['plearoll.command_id'] === command_id,
      )) as SpanLine;
      expect(accept).toMatchObject({ span: 'accept', trace_id: TRACE_ID, parent_id: '00f067aa0ba902b7' });
      expect(accept.attributes).toMatchObject({ 'plearoll.command': 'session.log', 'plearoll.request_id': 'traced' });
      const { rows } = await scene.database.pool.query('select traceparent from commands where id = $1', [command_id]);
      expect(rows).toEqual([{ traceparent: `00-${TRACE_ID}-${accept.span_id}-01` }]);
      const apply = await found(worker, ({ span, links }) => span === 'apply' && links.includes(accept.span_id));
      const publish = await found(worker, ({ span, links }) => span === 'publish' && links.includes(accept.span_id));
      expect(apply.attributes).toMatchObject({ 'plearoll.outcomes': 1 });
      expect(publish.attributes).toMatchObject({ 'plearoll.outcomes': 1, 'plearoll.streams': 1 });
      expect(apply.trace_id).not.toBe(TRACE_ID);
      await expectIntact(api.url, session_id, people.admin);
    },
  );
});
