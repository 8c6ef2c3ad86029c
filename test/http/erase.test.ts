/** A payload is erased over HTTP: no answer, no listener, no file and no store has its words from then on. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erasuresFile } from '../../src/infra/process/config.ts';
import { type Cast, cast, get, must, openSession, person, post } from '../support/client.ts';
import { anotherPdf, FORM, field, file, filesIn, formOf } from '../support/exhibits.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { everythingStored } from '../support/stored.ts';
import { expectIntact } from '../support/verdict.ts';

const WORDS = 'the witness Philippa Cholmondeley-Marjoribanks';

describe.skipIf(isLeftOut)('erasing a payload', () => {
  let stack: Stack;
  let people: Cast;
  const superAdmin = person('super_admin');

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack?.stop());

  const erase = (path: string, event_sequence: number, more: object = {}) =>
    post(stack.url, `${path}/erase`, superAdmin, { event_sequence, reason: 'personal_data', ...more });

  test('takes its words out of every store, and the record verifies', async () => {
    const { path, session_id, assignment_id } = await openSession(stack.url, people);
    const log = { event_type: 'BENCH_NOTE', details: { text: WORDS } };
    const headers = { 'idempotency-key': 'a-note' };
    const { command_id, events } = await must(post(stack.url, `${path}/log`, people.presiding, log, headers));
    const form = formOf(field('title', WORDS), field('side', 'petitioner'), file(anotherPdf()));
    const uploaded = await must(post(stack.url, `${path}/exhibit/upload`, superAdmin, form, { 'content-type': FORM }));
    const listener = await listenOnWebSocket(stack.relayUrl, {
      token: people.student.token,
      session_id,
      last_sequence: 0,
    });
    await listener.until(({ type, event_type }) => type === 'EVENT' && event_type === 'EXHIBIT_UPLOADED');
    expect(await everythingStored(stack)).toContain(WORDS);
    expect(filesIn(stack.blobFolder)).toHaveLength(1);

    const note = events[0].event_sequence as number;
    const first = await must(erase(path, note));
    expect(first).toMatchObject({ stream: `assignment:${assignment_id}`, events: [{ event_type: 'PAYLOAD_ERASED' }] });
    expect(first.result).toMatchObject({
      stream: `session:${session_id}`,
      event_sequence: note,
      reason: 'personal_data',
    });
    expect((await erase(path, note)).body).toMatchObject({ status: 409, code: 'already_erased' });
    expect((await erase(path, 1)).body).toMatchObject({ status: 409, code: 'not_erasable' });
    expect((await erase(path, 1_000)).body).toMatchObject({ status: 404, code: 'not_found' });
    await must(erase(path, uploaded.events[0].event_sequence));

    expect(await everythingStored(stack)).not.toContain(WORDS);
    await expect.poll(() => filesIn(stack.blobFolder), { timeout: 25_000 }).toEqual([]);
    const { logs } = await must(get(stack.url, `${path}/logs`, people.student));
    expect(logs[note - 1]).toMatchObject({ payload: null, payload_salt: null, erased: true });
    expect(JSON.stringify(logs)).not.toContain(WORDS);
    const state = await must(get(stack.url, `/api/command/${command_id}`, people.presiding));
    expect(state).toMatchObject({ status: 'applied', result: { id: events[0].event_id ?? expect.any(String) } });
    expect(JSON.stringify(state)).not.toContain(WORDS);
    const { status } = await get(stack.url, `${path}/exhibit/${uploaded.result.id}/download`, superAdmin);
    expect(status).toBe(404);

    const replayed = await listenOnWebSocket(stack.relayUrl, {
      token: people.student.token,
      session_id,
      last_sequence: 0,
    });
    await replayed.until(({ type }) => type === 'SYNCED');
    await expect
      .poll(async () => {
        const again = await listenOnWebSocket(stack.relayUrl, {
          token: people.student.token,
          session_id,
          last_sequence: 0,
        });
        await again.until(({ type }) => type === 'SYNCED');
        again.close();
        return JSON.stringify(again.messages).includes(WORDS);
      })
      .toBe(false);
    for (const one of [listener, replayed]) one.close();

    await must(post(stack.url, `${path}/complete`, people.presiding));
    await expectIntact(stack.url, session_id, superAdmin);
    const noted = readFileSync(erasuresFile(stack.backbones[0]!.config), 'utf8');
    expect(noted.split('\n').filter((line) => line.includes(session_id))).toHaveLength(2);
    expect(noted).not.toContain(WORDS);
  });
});
