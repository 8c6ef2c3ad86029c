/** The rows of a completed session change no more, whoever asks, unless by the transaction that completes it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventId } from '../../src/core/chain/ids.ts';
import { catalog } from '../../src/modules.ts';
import { petitioner } from '../support/court.ts';
import { fates, openPasses, type Passes, type Place } from '../support/passes.ts';

let passes: Passes;
let place: Place;

beforeAll(async () => {
  passes = await openPasses(catalog);
  place = await passes.openPlace();
});
afterAll(() => passes?.close());

/** Everything from the start to the seal, in one batch and so in one transaction. */
test('one batch starts a session, holds turns one after the other, and completes it', async () => {
  const start = passes.order('session.start', place);
  const turn = (n: number) => ({ turn_id: eventId(start.id, n + 1) });
  const speech = (n: number) => [
    passes.order('turn.start', place, { ...turn(n), speaker_id: petitioner.id }),
    passes.order('turn.end', place, turn(n)),
  ];
  const file = { sha256: 'ab'.repeat(32), size_bytes: 1, media_type: 'application/pdf' };
  const upload = passes.order('exhibit.upload', place, { title: 'A map', side: 'petitioner', file });
  const batch = [start, upload, ...speech(1), ...speech(2), passes.order('session.complete', place)];
  await passes.accept(...batch);
  const done = await passes.passAll(batch);
  expect(done).toHaveLength(1);
  expect([...fates(done).values()].map(({ status }) => status)).toEqual(batch.map(() => 'applied'));
  expect(await passes.issuesOf(`session:${place.session_id}`)).toEqual([]);
});

test.each([
  ['courtroom_sessions', 'id', 'title'],
  ['session_turns', 'session_id', 'side'],
  ['exhibits', 'session_id', 'side'],
])('afterwards nobody changes %s, not even the worker', async (table, key, column) => {
  const values = [place.session_id];
  const { worker, database } = passes;
  const frozen = 'the session is completed';
  await expect(worker.query(`update ${table} set ${column} = ${column} where ${key} = $1`, values)).rejects.toThrow(
    frozen,
  );
  await expect(database.pool.query(`delete from ${table} where ${key} = $1`, values)).rejects.toThrow(frozen);
  await expect(database.pool.query(`truncate ${table} cascade`)).rejects.toThrow('append-only');
});

test('nor is anything added to it', async () => {
  const text = `insert into procedural_violations (id, session_id, user_id, kind, description, recorded_by, recorded_at)
    values (gen_random_uuid(), $1, gen_random_uuid(), 'late', 'Late.', 'system', now())`;
  await expect(passes.worker.query(text, [place.session_id])).rejects.toThrow('the session is completed');
});

test('a session that goes on is not touched by that', async () => {
  const open = await passes.openPlace();
  const start = passes.order('session.start', open);
  const named = { turn_id: eventId(start.id, 2), speaker_id: petitioner.id };
  const batch = [start, passes.order('turn.start', open, named)];
  await passes.accept(...batch);
  await passes.passAll(batch);
  const second = `update session_turns set state = 'active', speaker_id = $2, started_at = now(), deadline = now()
    where session_id = $1 and order_index = 2`;
  await expect(passes.worker.query(second, [open.session_id, petitioner.id])).rejects.toThrow('uq_turn_active');
  expect(await passes.issuesOf(`session:${open.session_id}`)).toEqual([]);
});
