/** A fold that meets an erased payload: what follows from it is not known, and nothing is refuted for it. */
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../src/client/client.ts';
import { eventId } from '../../src/core/chain/ids.ts';
import { chainEvent, EMPTY_HEAD, exportedEvent } from '../../src/core/chain/ledger.ts';
import type { NewEvent } from '../../src/core/definitions/event.ts';
import { sessionStream } from '../../src/court/sessions/session.ts';
import { createFold } from '../../src/fold/fold.ts';
import { NOW } from '../support/given.ts';
import { opened, petitionerJoined, SESSION } from '../support/matchFixture.ts';

const custom: NewEvent = { kind: 'session', type: 'BENCH_NOTE', payload: { text: 'Quiet, please.' } };

/** The session is opened, and what happened then is erased. */
function foldWithErased(erased: NewEvent) {
  const fold = createFold(SESSION);
  const first = chainEvent(`session:${SESSION}`, EMPTY_HEAD, opened, eventId(SESSION, 1), 'system', NOW);
  const head = { sequence: 1, event_hash: first.event_hash, occurred_at: NOW };
  const second = chainEvent(`session:${SESSION}`, head, erased, eventId(SESSION, 2), 'system', NOW);
  const rows = [first, { ...second, payload: null, payload_salt: null }];
  for (const row of rows) fold.add(exportedEvent(row, sessionStream) as SessionEvent);
  const at = { event_sequence: 2, event_hash: second.event_hash };
  return fold.confirm({ ...fold.shown(NOW), head: at } as never);
}

test('says so where the state depends on it, and goes on where it does not', () => {
  expect(foldWithErased(petitionerJoined)).toEqual({
    verification: 'unverified',
    why: 'the payload of event 2, which was erased',
  });
  expect(foldWithErased(custom)).toEqual({ verification: 'confirmed' });
});
