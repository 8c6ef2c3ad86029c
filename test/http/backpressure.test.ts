/** A listener that stops reading for a while, over a real socket: operators see it, and it is told what it missed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { amountOf } from '../support/amounts.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const SOON = { timeout: 20_000, interval: 100 };
const MAX_QUEUE = 5;
/** More than the kernel holds for one socket. */
const EVENTS = 160;

describe.skipIf(isLeftOut)('GET /ops/backpressure', () => {
  let stack: Stack;
  let people: Cast;
  let root: Person;

  beforeAll(async () => {
    stack = await startStack({ WS_MAX_QUEUE: String(MAX_QUEUE) });
    people = cast();
    root = person('super_admin');
  });
  afterAll(() => stack.stop());

  const read = async (): Promise<Json> => (await get(stack.apis.at(-1)!, '/ops/backpressure', root)).body;

  test('shows what waits for a listener that does not read, and that it was too far behind', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { token } = people.student;
    const socket = new WebSocket(
      `${stack.relayUrl.replace('http', 'ws')}/live/ws/${session_id}?token=${token}&last_sequence=2`,
    );
    const messages: Json[] = [];
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Json;
      // How many listen is told of its own accord, between whatever else there is.
      if (message.type !== 'PRESENCE') messages.push(message);
    });
    await until('it is level', () => messages.some(({ type }) => type === 'SYNCED'));
    socket.pause();
    const details = { text: 'x'.repeat(60_000) };
    const note = () => must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details }));
    for (let n = 0; n < EVENTS; n += 20) await Promise.all(Array.from({ length: 20 }, note));
    await expect.poll(async () => (await read()).total_queued_messages, SOON).toBeGreaterThan(MAX_QUEUE);
    const behind = await read();
    expect(behind).toEqual({
      ...{ total_overflows: 0, active_queues: 1 },
      ...{ total_queued_messages: behind.total_queued_messages, max_queue_size: behind.total_queued_messages },
    });

    socket.resume();
    await until('the newest came', () => messages.at(-1)?.event_sequence === EVENTS + 2);
    const at = messages.findIndex(({ type }) => type === 'RESYNC');
    const { from, to, event_hash } = messages[at]!;
    expect(messages[at - 1]!.event_sequence).toBe(from - 1);
    expect(messages[at + 1]).toMatchObject({ event_sequence: to + 1, previous_hash: event_hash });
    await expect.poll(read, SOON).toEqual({
      ...{ total_overflows: 1, active_queues: 0, total_queued_messages: 0, max_queue_size: 0 },
    });

    socket.send(JSON.stringify({ type: 'ACK', last_sequence: EVENTS + 2 }));
    for (const name of ['emit_to_ack_seconds', 'ack_lag_events', 'publish_to_emit_seconds']) {
      await expect.poll(() => amountOf(name, stack.backbones), SOON).toBeGreaterThan(0);
    }
    await expectIntact(stack.url, session_id, people.admin);
    socket.terminate();
  });

  test('is for super_admins alone', async () => {
    expect((await get(stack.url, '/ops/backpressure', people.admin)).status).toBe(403);
    expect((await get(stack.url, '/ops/backpressure', null)).status).toBe(401);
  });
});
