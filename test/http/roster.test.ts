/**
 * A roster changes while people use it: who is replaced loses what the seat gave at every API and every relay, who takes
 * the place has it, and a match that is called off does not begin.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { anotherPdf, FORM, field, file, formOf } from '../support/exhibits.ts';
import { listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const PATIENCE = { timeout: 25_000, interval: 25 };

describe.skipIf(isLeftOut)('a roster', () => {
  let stack: Stack;
  let people: Cast;
  let standIn: Person;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    standIn = person('judge', { institution_id: people.institution_id, name: 'Judge Mbeki' });
  });

  afterAll(() => stack.stop());

  const substitute = (assignment_id: string, gone: Person, come: Person, more: Json = {}, who = people.admin) =>
    post(stack.url, `/api/assignment/${assignment_id}/substitute`, who, {
      ...{ user_id: gone.id, replacement: { user_id: come.id, name: come.name } },
      ...more,
    });
  /** Every API has this in its cache. */
  const lookEverywhere = (path: string, who: Person) =>
    Promise.all(stack.apis.map(async (url) => (await get(url, path, who)).status));

  test('a presiding judge falls ill; the substitute rules on what was pending', async () => {
    const { session_id, assignment_id, path } = await openSession(stack.url, people);
    const act = (verb: string, who: Person, body: Json) => post(stack.url, `${path}/${verb}`, who, body);
    await must(act('join', people.presiding, { role: 'judge' }));
    const { items } = await must(get(stack.url, `${path}/turns`, people.admin));
    const turn_id = items[0].id;
    await must(act('turn/start', people.presiding, { turn_id, speaker_id: people.petitioner.id }));
    const raised = await must(act('objection/raise', people.respondent, { turn_id, ground: 'beyond_the_record' }));
    const ruling = { objection_id: raised.result.id, decision: 'sustained', ruling: 'Keep to the record.' };

    const early = await act('objection/rule', standIn, ruling);
    expect(early.body.code).toBe('not_on_panel');
    const { result, stream, events } = await must(
      substitute(assignment_id, people.presiding, standIn, { reason: 'Ill.' }),
    );
    expect(stream).toBe(`assignment:${assignment_id}`);
    expect(events.map(({ event_type }: Json) => event_type)).toEqual([
      'ASSIGNMENT_SUBSTITUTED',
      'PARTICIPANT_REPLACED',
    ]);
    expect(result).toEqual(await must(get(stack.url, `/api/assignment/${assignment_id}`, people.admin)));
    expect(result.panel[0]).toEqual({ user_id: standIn.id, name: standIn.name, presiding: true });

    expect((await act('objection/rule', people.presiding, ruling)).body.code).toBe('not_on_panel');
    expect((await act('join', people.presiding, { role: 'judge' })).body.code).toBe('role_not_on_roster');
    expect((await must(act('objection/rule', standIn, ruling))).result).toMatchObject({ ruled_by: standIn.id });
    await must(act('join', standIn, { role: 'judge' }));
    await must(act('turn/end', standIn, { turn_id }));
    await must(act('complete', standIn, { skip_turns: true }));
    expect((await substitute(assignment_id, standIn, people.presiding)).body.code).toBe('session_completed');

    const { attendance, is_final } = await must(get(stack.url, `${path}/attendance`, people.admin));
    expect(is_final).toBe(true);
    const of = ({ id }: Person) => attendance.find(({ user_id }: Json) => user_id === id);
    expect(of(people.presiding)).toMatchObject({ is_present: false, replaced_at: expect.any(String) });
    expect(of(people.presiding).last_out).toBe(of(people.presiding).replaced_at);
    const { ended_at } = await must(get(stack.url, path, people.admin));
    expect(of(standIn)).toMatchObject({ presiding: true, replaced_at: null, last_out: ended_at });
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('of a private match who is replaced sees nothing any more, at no API and no relay, and the sockets are closed', async () => {
    const { session_id, assignment_id, path } = await openSession(stack.url, people, { visibility: 'private' });
    const gone = people.judge;
    const { ticket } = (await must(post(stack.url, `${path}/observe`, gone))).result;
    expect(await lookEverywhere(path, gone)).toEqual(stack.apis.map(() => 200));
    expect(await lookEverywhere(path, standIn)).toEqual(stack.apis.map(() => 404));
    const sockets = await Promise.all(
      stack.relays.map((url) => listenOnWebSocket(url, { token: gone.token, session_id })),
    );
    const withTicket = await listenOnWebSocket(stack.relayUrl, { token: ticket, session_id });
    const onSocketIo = await listenOnSocketIo(stack.relayUrl, { token: gone.token, session_id });
    const stays = await listenOnWebSocket(stack.relayUrl, { token: people.petitioner.token, session_id });
    await stays.until(({ type }) => type === 'SYNCED');

    await must(substitute(assignment_id, gone, standIn));
    for (const socket of [...sockets, withTicket]) {
      expect(await socket.closed).toBe(4404);
      expect(socket.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'not_found' });
    }
    expect(await onSocketIo.closed).toBe('io server disconnect');
    await vi.waitFor(async () => expect(await lookEverywhere(path, gone)).toEqual(stack.apis.map(() => 404)), PATIENCE);
    for (const url of stack.relays) {
      for (const token of [gone.token, ticket]) {
        await vi.waitFor(
          () => expect(listenOnWebSocket(url, { token, session_id })).rejects.toThrow('refused with 404'),
          PATIENCE,
        );
      }
    }
    expect((await get(stack.url, '/api/assignment/list', gone)).body.items.map(({ id }: Json) => id)).not.toContain(
      assignment_id,
    );
    expect((await get(stack.url, '/api/session/active/list', gone)).body.items).toEqual([]);

    expect(await lookEverywhere(path, standIn)).toEqual(stack.apis.map(() => 200));
    const come = await listenOnWebSocket(stack.relayUrl, { token: standIn.token, session_id });
    await come.until(({ type }) => type === 'SYNCED');
    await stays.until(({ event_type }) => event_type === 'PARTICIPANT_REPLACED');
    for (const socket of [come, stays]) socket.close();
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('who was replaced looks on where strangers of their institution may, and a guest does not', async () => {
    const guest = person('judge', { institution_id: randomUUID() });
    const { session_id, assignment_id, path } = await openSession(stack.url, people, { visibility: 'institution' });
    const observe = (who: Person) => post(stack.url, `${path}/observe`, who);
    await must(substitute(assignment_id, people.judge, guest));
    const { ticket: ofGuest } = (await must(observe(guest))).result;
    await must(substitute(assignment_id, guest, standIn));
    const { ticket } = (await must(observe(people.judge))).result;
    for (const url of stack.relays) {
      const listener = await listenOnWebSocket(url, { token: ticket, session_id });
      await listener.until(({ type }) => type === 'SYNCED');
      listener.close();
      await vi.waitFor(
        () => expect(listenOnWebSocket(url, { token: ofGuest, session_id })).rejects.toThrow('refused with 404'),
        PATIENCE,
      );
    }
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('a change that nobody announced is found by looking', async () => {
    const { session_id, assignment_id } = await openSession(stack.url, people, { visibility: 'private' });
    const socket = await listenOnWebSocket(stack.relayUrl, { token: people.bailiff.token, session_id });
    await socket.until(({ type }) => type === 'SYNCED');
    // As a lost announcement leaves it: the rows say so, and nobody was told.
    await stack.pool.query(
      'update rosters set replaced_at = now(), replaced_by = $3 where assignment_id = $1 and user_id = $2',
      [assignment_id, people.bailiff.id, standIn.id],
    );
    expect(await socket.closed).toBe(4404);
  });

  test('a match is called off before it begins, and not after', async () => {
    const { session_id, assignment_id, path } = await openSession(stack.url, people, { start: false });
    await must(post(stack.url, `${path}/join`, people.petitioner, { role: 'petitioner' }));
    const socket = await listenOnWebSocket(stack.relayUrl, { token: people.admin.token, session_id });
    const cancel = (who: Person) =>
      post(stack.url, `/api/assignment/${assignment_id}/cancel`, who, { reason: 'The hall is flooded.' });
    const { result } = await must(cancel(people.admin));
    expect(result).toEqual(await must(get(stack.url, `/api/assignment/${assignment_id}`, people.admin)));
    expect(result).toMatchObject({
      cancel_reason: 'The hall is flooded.',
      cancelled_at: expect.any(String),
      session_id,
    });
    const told = await socket.until(({ event_type }) => event_type === 'SESSION_CANCELLED');
    socket.close();
    expect(told.payload).toEqual({ reason: 'The hall is flooded.' });
    expect((await cancel(people.admin)).body.code).toBe('assignment_cancelled');
    expect((await post(stack.url, `${path}/start`, people.presiding)).body.code).toBe('assignment_cancelled');
    expect((await substitute(assignment_id, people.judge, standIn)).body.code).toBe('assignment_cancelled');
    const form = formOf(field('title', 'Late'), file(anotherPdf()));
    const brought = await post(stack.url, `${path}/exhibit/upload`, people.petitioner, form, { 'content-type': FORM });
    // At the door: nothing of it was accepted.
    expect(brought).toMatchObject({ status: 409, body: { code: 'assignment_cancelled' } });
    expect(brought.body.command_id).toBeUndefined();
    const { items } = await must(get(stack.url, `${path}/participants`, people.admin));
    expect(items).toMatchObject([{ status: 'disconnected', left_at: told.occurred_at }]);
    await expectIntact(stack.url, session_id, people.admin);

    const under = await openSession(stack.url, people);
    const late = await post(stack.url, `/api/assignment/${under.assignment_id}/cancel`, people.admin, {
      reason: 'Late.',
    });
    expect(late).toMatchObject({ status: 409, body: { code: 'session_under_way', from: 'active' } });
  });

  test('many substitutions at once end in one roster that the chain knows', async () => {
    const { session_id, assignment_id } = await openSession(stack.url, people);
    const CROWD = isEverything ? 100 : 20;
    const crowd = Array.from({ length: CROWD }, () => person('judge', { institution_id: people.institution_id }));
    const at = `/api/assignment/${assignment_id}/substitute`;
    // All locks are of one assignment: a slow machine may take longer than the 5 s after which an answer is 202.
    const patient = { prefer: 'wait=30' };
    const answers = await Promise.all(
      crowd.map(({ id, name }) =>
        post(stack.url, at, people.admin, { user_id: people.judge.id, replacement: { user_id: id, name } }, patient),
      ),
    );
    const statuses = answers.map(({ status, body }) => `${status} ${body.code ?? ''}`.trim());
    expect(statuses.filter((one) => one === '200')).toHaveLength(1);
    expect(statuses.filter((one) => one === '409 not_on_roster')).toHaveLength(CROWD - 1);
    await expectIntact(stack.url, session_id, people.admin);
  });
});
