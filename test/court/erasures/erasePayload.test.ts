/** What an event said is erased once, by a super_admin, where its type says what remains of it. */
import { describe, expect, test } from 'vitest';
import { chainEvent, EMPTY_HEAD } from '../../../src/core/chain/ledger.ts';
import type { JsonObject, NewEvent } from '../../../src/core/definitions/event.ts';
import { isErasable, remainsOf } from '../../../src/court/erasures/erasableTypes.ts';
import { erasePayload, payloadErased } from '../../../src/court/erasures/erasePayload.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { catalog } from '../../../src/modules.ts';
import { given, NOW } from '../../support/given.ts';
import { ASSIGNMENT, admin, petitionerJoined, SESSION, scheduled, sessionThatIs } from '../../support/matchFixture.ts';

const superAdmin = { ...admin, role: 'super_admin' as const };
const custom: NewEvent = { kind: 'session', type: 'BENCH_NOTE', payload: { text: 'The witness is Ada Petrova.' } };

/** As the command finds it in the record: the second event of a stream. */
function recorded(event: NewEvent, stream = `session:${SESSION}`) {
  const first = chainEvent(stream, EMPTY_HEAD, custom, SESSION, 'system', NOW);
  const head = { sequence: 1, event_hash: first.event_hash, occurred_at: NOW };
  return chainEvent(stream, head, event, SESSION, 'system', NOW);
}

const input = { event_sequence: 2, reason: 'personal_data' } as const;
const erase = (fact: object | undefined, changes: object = {}) =>
  given(...sessionThatIs.completed).when(erasePayload, { ...input, ...changes }, superAdmin, { fact });

test('the event of the assignment names the payload, and a completed session is not touched', () => {
  const event = recorded(custom);
  const { payload_commitment } = event;
  const { rows, result } = erase(event).then(
    payloadErased({ stream: `session:${SESSION}`, ...input, payload_commitment }),
  )!;
  expect(rows.map(({ stream }) => stream)).toEqual([`assignment:${ASSIGNMENT}`]);
  expect(result).toMatchObject({ id: rows[0]!.event_id, ...input, payload_commitment });
});

test('what the stream’s state follows from remains, without the texts', () => {
  const event = recorded(petitionerJoined);
  const { payload_commitment, stream } = event;
  const remains = { ...petitionerJoined.payload, name: '' };
  erase(event).then(payloadErased({ stream, ...input, payload_commitment, remains }));
});

test('the assignment’s own events are erased where it is named', () => {
  const event = recorded(scheduled, `assignment:${ASSIGNMENT}`);
  const remains = remainsOf(event.event_type, scheduled.payload)!;
  expect(JSON.stringify(remains)).not.toMatch(/"name":"[^"]/);
  const { payload_commitment, stream } = event;
  erase(event, { stream: 'assignment' }).then(payloadErased({ stream, ...input, payload_commitment, remains }));
});

test('nothing is erased that is not there, that was erased before, or that a court did', () => {
  erase(undefined).then('not_found');
  erase({ ...recorded(custom), payload: null, payload_salt: null }).then('already_erased');
  erase(recorded(sessionPaused({ reason: 'Recess' }))).then('not_erasable');
  erase(recorded({ ...custom, type: 'PAYLOAD_ERASED' })).then('not_erasable');
  erase(recorded({ ...custom, type: 'TURN_OF_A_NEWER_VERSION' })).then('not_erasable');
});

describe('the types that can be erased', () => {
  const definitions = [...catalog.events.values()].filter(({ stream }) => /^(session|assignment)$/.test(stream.kind));

  test('are those that say what remains, and the list has them all', () => {
    const erasable = definitions.filter(({ type }) => isErasable(type)).map(({ type }) => type);
    expect(erasable).toEqual(definitions.filter(({ erased }) => erased).map(({ type }) => type));
    expect(erasable.filter((type) => /^(SESSION|PAYLOAD)_/.test(type))).toEqual([]);
  });

  test('are asked for a payload of theirs again: what remains fits the schema of the type', () => {
    for (const { type, payload, erased } of [petitionerJoined, scheduled].map((event) => ({
      ...catalog.events.get(event.type)!,
      payload: event.payload,
    }))) {
      const remains = erased!(payload as never) as JsonObject;
      expect(catalog.events.get(type)!.payload.parse(remains)).toEqual(remains);
    }
  });
});
