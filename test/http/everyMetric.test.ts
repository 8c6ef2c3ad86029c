/** What moves each metric that an evening without a fault moves, or a client without manners. Faults: test/faults. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { timetable } from '../../jobs/schedule.ts';
import { amountOf } from '../support/amounts.ts';
import { untilSettled } from '../support/checkHistory.ts';
import { type Cast, cast, must, openSession, post } from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const SOON = { timeout: 20_000, interval: 100 };

describe.skipIf(isLeftOut)('a metric moves', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    const everySecond = timetable.slice(0, 1).map((line) => ({ ...line, cron: '* * * * * *' }));
    stack = await startStack({ CHECKPOINT_SECONDS: '0.5' }, undefined, everySecond);
    people = cast();
    session = await openSession(stack.url, people);
  });
  afterAll(() => stack.stop());

  const log = (prefer: Record<string, string> = {}) =>
    post(stack.url, `${session.path}/log`, people.admin, { event_type: 'NOTE', details: {} }, prefer);
  const rateOfBusy = async () => {
    await log();
    return amountOf('messages_per_second', stack.backbones);
  };
  const expectMoved = async (name: string) =>
    expect.poll(() => amountOf(name, stack.backbones), SOON).toBeGreaterThan(0);

  test.each([
    ...['http_request_duration_seconds', 'command_accept_seconds', 'command_e2e_seconds'],
    ...['inbox_flush_size', 'apply_batch_size', 'apply_tx_seconds', 'log_size'],
    'log_signed_size',
  ])('%s with a command', async (name) => {
    const before = await amountOf(name, stack.backbones);
    await log();
    await expect.poll(() => amountOf(name, stack.backbones), SOON).toBeGreaterThan(before);
  });

  test('with somebody of the roster who listens, and back when they go', async () => {
    await must(post(stack.url, `${session.path}/join`, people.petitioner, { role: 'petitioner' }));
    const { token } = people.petitioner;
    const listener = await listenOnWebSocket(stack.relayUrl, { token, session_id: session.session_id });
    for (const name of ['active_websocket_connections', 'presence_leases']) {
      await expect.poll(() => amountOf(name, stack.backbones), SOON).toBe(1);
    }
    await listener.until(({ type }) => type === 'SYNCED');
    await expectMoved('publish_heals_total');
    await log();
    await expectMoved('messages_delivered_total');
    await expect.poll(rateOfBusy, SOON).toBeGreaterThan(0);
    listener.close();
    for (const name of ['active_websocket_connections', 'presence_leases', 'messages_per_second']) {
      await expect.poll(() => amountOf(name, stack.backbones), SOON).toBe(0);
    }
  });

  test('with a client that floods, and is sent away', async () => {
    const { token } = people.student;
    const url = `${stack.relayUrl.replace('http', 'ws')}/live/ws/${session.session_id}?token=${token}`;
    const socket = new WebSocket(url);
    await new Promise((resolve) => socket.once('message', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    for (let n = 0; n < 200; n += 1) socket.send('no message');
    await closed;
    for (const name of ['socket_floods_total', 'socket_messages_refused_total', 'sockets_closed_total']) {
      await expectMoved(name);
    }
  });

  test.each(['leader_term', 'tick_lateness_seconds', 'job_runs_total', 'job_seconds'])(
    '%s with the timetable',
    expectMoved,
  );

  test('while nothing is applied, and when what lost its doorbell is found', async () => {
    await stack.stopWorkers();
    expect((await log({ prefer: 'respond-async' })).status).toBe(202);
    const names = ['inbox_pending', 'inbox_oldest_pending_seconds', 'inbox_oldest_workable_seconds'];
    for (const name of names) await expectMoved(name);
    await expectMoved('queue_jobs');
    await expectMoved('queue_oldest_seconds');
    await stack.backbones[0]!.queues.queue('commands').drain();
    await stack.startWorkers();
    await untilSettled(stack.pool, 60_000);
    await expectMoved('drain_recovered_total');
    for (const name of names) await expect.poll(() => amountOf(name, stack.backbones), SOON).toBe(0);
  });
});
