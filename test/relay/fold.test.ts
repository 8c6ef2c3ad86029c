/** A real server's snapshots are what its events fold into; a snapshot that says anything else is refuted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFold, type SessionFold } from '../../src/fold/fold.ts';
import { type Cast, cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { type Follower, followWith } from '../support/follower.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
});
afterAll(() => stack?.stop());

const say = (path: string, verb: string, who: keyof Cast, body: object = {}) =>
  must(post(stack.url, `${path}/${verb}`, people[who] as never, body));

/** Of a speech with an objection on which the bench has not ruled. */
async function argue(path: string): Promise<void> {
  await say(path, 'join', 'petitioner', { role: 'petitioner' });
  await say(path, 'join', 'respondent', { role: 'respondent' });
  const { items } = await must(get(stack.url, `${path}/turns`, people.presiding));
  const turn_id = items[0].id;
  await say(path, 'turn/start', 'presiding', { turn_id, speaker_id: people.petitioner.id });
  await say(path, 'objection/raise', 'respondent', { turn_id, ground: 'misrepresentation', reason: 'Not so.' });
  await say(path, 'log', 'presiding', { event_type: 'BENCH_NOTE', details: { text: 'noted' } });
}

/** Follows with a fold beside it, and asks for a snapshot of where it stands. */
async function foldedSnapshot(session: string): Promise<{ fold: SessionFold; data: any; follower: Follower }> {
  const { token } = people.student;
  const fold = createFold(session);
  const follower = followWith({ url: stack.relayUrl, api: stack.url, session, token, from: 0 });
  follower.client.on('event', fold.add);
  await follower.becomes('live');
  follower.client.requestState();
  await until('the snapshot', () => follower.snapshots.length > 0);
  follower.client.close();
  return { fold, data: follower.snapshots[0]!.data, follower };
}

describe.skipIf(isLeftOut)(`a snapshot, ${kind}`, () => {
  test('in the middle of a speech is confirmed by its events, clock and all', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await argue(path);
    const { fold, data } = await foldedSnapshot(session_id);
    expect(data.clock).toMatchObject({ running: false });
    expect([data.participants.length, data.objections.length]).toEqual([2, 1]);
    expect(fold.confirm(data)).toEqual({ verification: 'confirmed' });
  });

  test('of a sealed session is confirmed, and so is the seal', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await say(path, 'complete', 'presiding');
    const { fold, data } = await foldedSnapshot(session_id);
    expect(data.session.status).toBe('completed');
    expect(fold.confirm(data)).toEqual({ verification: 'confirmed' });
  });

  test('that says anything else is refuted, and where', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await argue(path);
    const { fold, data } = await foldedSnapshot(session_id);
    const lies: [string, (data: any) => void][] = [
      ['session.status', ({ session }) => Object.assign(session, { status: 'paused' })],
      ['participants.0.name', ({ participants }) => Object.assign(first(participants), { name: 'Somebody else' })],
      ['turn.speaker.name', ({ turn }) => Object.assign(turn.speaker, { name: 'Somebody else' })],
      ['clock.remaining_ms', ({ clock }) => Object.assign(clock, { remaining_ms: 1 })],
      ['objections.0.ruling', ({ objections }) => Object.assign(objections[0], { ruling: 'Sustained.' })],
      ['exhibits.0', ({ exhibits }) => exhibits.push({ id: 'one' })],
      ['head.event_hash', ({ head }) => Object.assign(head, { event_hash: 'ab'.repeat(32) })],
    ];
    for (const [where, lie] of lies) {
      const told = structuredClone(data);
      lie(told);
      expect(fold.confirm(told)).toEqual({ verification: 'refuted', differences: [where] });
    }
    expect(fold.confirm(data)).toEqual({ verification: 'confirmed' });
  });

  test('of another place, or after events of a newer version, stays unverified', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { fold, data, follower } = await foldedSnapshot(session_id);
    await say(path, 'log', 'presiding', { event_type: 'LATER', details: {} });
    const ahead = { ...data, head: { ...data.head, event_sequence: 3 } };
    expect(fold.confirm(ahead)).toEqual({ verification: 'unverified', why: 'it stands at 3, the events at 2' });
    const newer = { ...follower.events[1]!, event_sequence: 3, event_type: 'TURN_OF_THE_FUTURE' };
    fold.add(newer);
    expect(fold.confirm(ahead)).toEqual({ verification: 'unverified', why: 'events of type TURN_OF_THE_FUTURE' });
    expect(() => fold.add(newer)).toThrow('event 4 follows, not 3');
  });
});

const first = (list: Json[]) => list.toSorted((a, b) => String(a.id).localeCompare(String(b.id)))[0]!;
