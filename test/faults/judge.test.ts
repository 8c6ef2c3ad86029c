/** The judge of the crash matrix finds nothing in an honest history, and every way of spoiling one. */
import { describe, expect, test } from 'vitest';
import { faultOf, rollDice } from '../../chaos/dice.ts';
import { type CommandRow, type History, judge, type Stored } from '../../chaos/judge.ts';
import type { Sent } from '../../chaos/producers.ts';
import { eventId, newCommandId } from '../../src/core/chain/ids.ts';
import { chainEvent, EMPTY_HEAD, exportedEvent, headAfter } from '../../src/core/chain/ledger.ts';
import { sessionStream } from '../../src/court/sessions/session.ts';

const SESSION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0000';
const STREAM = `session:${SESSION}`;

interface Case {
  history: History;
  stored: Stored;
}

/** Two clients' entries, the last of them rejected, one only accepted when it was answered; one listener. */
function honest(turn: (order: Sent[]) => Sent[] = (order) => order): Case {
  const sent = [0, 1, 2, 3, 4].flatMap((n) => ['clerk 0', 'clerk 1'].map((client) => sentBy(client, n)));
  const ids = new Map(sent.map((one) => [one, newCommandId()]));
  const commands = new Map<Sent, CommandRow>();
  const stored: Stored = { commands: [], events: [], heads: [] };
  const history: History = {
    sent,
    heard: [{ listener: 'websocket', session_id: SESSION, events: [], connections: 1 }],
  };
  let head = EMPTY_HEAD;
  for (const one of turn(sent)) {
    const id = ids.get(one)!;
    const rejected = one.client === 'clerk 1' && one.n === 4;
    const entry = { kind: 'session', type: 'NOTE', payload: { client: one.client, n: one.n } };
    const repeats = commands.has(one) ? 2 : 1;
    const row = chainEvent(STREAM, head, entry, eventId(id, repeats), 'system', '2026-11-21T10:00:00.000Z');
    const { event_sequence, event_type, event_hash } = exportedEvent(row, sessionStream);
    const problem = { code: 'invalid_transition', status: 409 };
    const applied = { stream: STREAM, events: [{ event_sequence, event_type, event_hash }], result: { id } };
    const outcome = JSON.stringify(rejected ? { problem } : applied);
    const status = rejected ? 'rejected' : 'applied';
    const position = commands.size + 1;
    const stored_as = { id, position, name: 'session.log', stream: STREAM, status, idempotency_key: one.key };
    commands.set(one, { ...stored_as, request_id: `request ${one.key}`, outcome });
    const told = rejected
      ? { ...problem, instance: `/api/command/${id}`, command_id: id, request_id: `request ${one.key}` }
      : { command_id: id, status, ...applied };
    one.answer =
      one.n === 2
        ? { status: 202, replayed: false, body: { command_id: id, status: 'accepted' } }
        : { status: rejected ? 409 : 200, replayed: false, body: told };
    if (rejected) continue;
    head = headAfter(row);
    stored.events.push({ ...row, payload: row.payload!, payload_salt: row.payload_salt! });
    history.heard[0]!.events.push(exportedEvent(row, sessionStream));
  }
  stored.commands.push(...commands.values());
  stored.heads.push({ stream: STREAM, sequence: head.sequence, event_hash: head.event_hash });
  return { history, stored };
}

function sentBy(client: string, n: number): Sent {
  const key = `${client} ${n}`;
  return { client, n, session_id: SESSION, verb: 'log', key, failures: [], sent_ms: n, answered_ms: n, answer: null };
}

function spoil(spoiling: (one: Case) => unknown, one = honest()): string[] {
  spoiling(one);
  return judge(one.history, one.stored);
}

const swapped = <T>(items: T[], i: number) => items.splice(i, 2, items[i + 1]!, items[i]!);

describe('the judge', () => {
  test('finds nothing in an honest history', () => {
    expect(spoil(() => {})).toEqual([]);
  });

  test.each<[string, (one: Case) => unknown, RegExp]>([
    [
      'a command that was answered and is not there',
      ({ stored }) => stored.commands.splice(0, 1),
      /answered 200 and is lost/,
    ],
    [
      'a command that was only accepted and is not there',
      ({ stored }) => stored.commands.splice(4, 1),
      /answered 202 and is lost/,
    ],
    [
      'a command without an outcome',
      ({ stored }) => Object.assign(stored.commands[4]!, { status: 'accepted', outcome: null }),
      /without an outcome/,
    ],
    [
      'a command that is there twice',
      ({ stored }) => stored.commands.push({ ...stored.commands[0]!, id: newCommandId() }),
      /in the inbox 2 times/,
    ],
    [
      'a client that was never answered',
      ({ history }) => Object.assign(history.sent[3]!, { answer: null }),
      /never answered/,
    ],
    [
      'an answer that is not the outcome',
      ({ history }) => Object.assign(history.sent[0]!.answer!.body, { status: 'rejected' }),
      /not its stored outcome/,
    ],
    [
      'an outcome that was altered',
      ({ stored }) => Object.assign(stored.commands[0]!, { outcome: stored.commands[1]!.outcome }),
      /not its stored outcome/,
    ],
    [
      'a rejection that became an application',
      ({ stored }) => Object.assign(stored.commands[9]!, { status: 'applied', outcome: stored.commands[8]!.outcome }),
      /not its stored outcome/,
    ],
    [
      'another command in the answer',
      ({ history }) => Object.assign(history.sent[0]!.answer!.body, { command_id: SESSION }),
      /answered as/,
    ],
    [
      'the inbox in another order',
      ({ stored: { commands } }) => ([commands[0]!.position, commands[2]!.position] = [3, 1]),
      /in the inbox behind/,
    ],
    ['an event that is missing', ({ stored }) => stored.events.splice(2, 1), /at 4: expected 3/],
    ['the last event cut off', ({ stored }) => stored.events.pop(), /head is not its last event/],
    ['two events changed over', ({ stored }) => swapped(stored.events, 2), /not linked/],
    [
      'a payload that was altered',
      ({ stored }) => Object.assign(stored.events[2]!, { payload: '{}' }),
      /payload is another/,
    ],
    [
      'an event that was altered',
      ({ stored }) => Object.assign(stored.events[2]!, { actor_id: 'somebody' }),
      /hash is another/,
    ],
    [
      'an event that nobody recorded',
      ({ stored }) =>
        stored.commands.splice(9, 1, { ...stored.commands[9]!, id: SESSION }) && stored.commands.splice(4, 1),
      /no command recorded it/,
    ],
    ['a listener who was told too little', ({ history }) => history.heard[0]!.events.pop(), /told 8 of 9/],
    [
      'a listener whose client found the chain broken',
      ({ history }) => Object.assign(history.heard[0]!, { broken: 'at 4: link' }),
      /was stopped: at 4: link/,
    ],
    ['a listener who missed one', ({ history }) => history.heard[0]!.events.splice(3, 1), /told 5 where 4 is/],
    [
      'a listener who was told one twice',
      ({ history: { heard } }) => heard[0]!.events.splice(3, 0, heard[0]!.events[3]!),
      /told 4 where 5 is/,
    ],
    [
      'a listener who was told two out of order',
      ({ history }) => swapped(history.heard[0]!.events, 3),
      /told 5 where 4 is/,
    ],
    [
      'a listener who was told something else',
      ({ history }) => Object.assign(history.heard[0]!.events[3]!, { payload: {} }),
      /another event at 4/,
    ],
    [
      'a listener who was told what is not there',
      ({ history: { heard } }) => heard[0]!.events.push({ ...heard[0]!.events[8]!, event_sequence: 10 }),
      /told 10 where nothing is/,
    ],
  ])('finds %s', (_, spoiling, finding) => {
    expect(spoil(spoiling).join('\n')).toMatch(finding);
  });

  test('finds a refusal that does not name its request, but where earlier versions answered', () => {
    const unnamed = ({ history }: Case) => {
      delete history.sent.find(({ answer }) => answer?.status === 409)!.answer!.body.request_id;
    };
    expect(spoil(unnamed).join('\n')).toMatch(/answered 409, which is not its stored outcome/);
    const met = honest();
    met.history.metOlder = true;
    expect(spoil(unnamed, met)).toEqual([]);
  });

  test('finds a client whose commands were applied in another order, though the chain is sound', () => {
    const one = honest((order) => [order[2]!, order[1]!, order[0]!, ...order.slice(3)]);
    expect(spoil(() => {}, one).join('\n')).toMatch(/stands in the record behind/);
  });

  test('finds a command that was applied twice, though the chain is sound', () => {
    const one = honest((order) => [order[0]!, order[0]!, ...order.slice(1)]);
    expect(spoil(() => {}, one).join('\n')).toMatch(/recorded 2 events/);
  });
});

test('a seed draws the same faults in the same order again, each once in a lap', () => {
  const faults = ['K1', 'K2', 'K3', 'K4', 'K5', 'K6'];
  const drawn = (seed: number) => Array.from({ length: 12 }, (_, round) => faultOf(faults, seed, round));
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
  expect(drawn(1).slice(0, 6).toSorted()).toEqual(faults);
  expect(drawn(1).slice(6).toSorted()).toEqual(faults);
  const dice = (round: number) => Array.from({ length: 50 }, () => rollDice(7, round).between(1, 1_000));
  expect(dice(3)).toEqual(dice(3));
  expect(dice(3)).not.toEqual(dice(4));
});
