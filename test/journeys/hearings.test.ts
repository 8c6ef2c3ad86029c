/**
 * Real hearings played from beginning to end over HTTP, all at once and as fast as it goes, while listeners follow on
 * sockets. What each listener heard is the log, and the record verifies.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, type Cast, cast, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { type Hearing, hearings } from '../support/hearings.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;

beforeAll(async () => {
  if (!isLeftOut) stack = await startStack();
});
afterAll(() => stack?.stop());

interface Played {
  session_id: string;
  listeners: Listener[];
}

const onWhich = (list: string[], i: number) => list[i % list.length]!;

describe.skipIf(isLeftOut)(`the hearings, ${kind}`, () => {
  test('every listener hears the log, once and in order, and the record verifies', { timeout: 240_000 }, async () => {
    const people = cast();
    const played = await Promise.all(hearings.map((hearing, i) => play(hearing, people, i)));
    for (const { session_id, listeners } of played) {
      const log = await readWholeLog(session_id, people.admin);
      for (const listener of listeners) {
        await listener.until(({ event_type }) => event_type === 'SESSION_COMPLETED');
        expect(listener.events()).toEqual(log);
        listener.close();
      }
      const verdict = await must(get(stack.url, `/api/session/${session_id}/verify`, people.admin));
      expect(verdict).toMatchObject({ is_valid: true, issues: [], events_checked: log.length });
    }
    const record = await must(get(stack.url, '/integrity/global-verify', people.admin));
    expect(record).toMatchObject({ system_valid: true, tamper_detected: false, sessions_checked: hearings.length });
  });
});

async function play(hearing: Hearing, people: Cast, i: number): Promise<Played> {
  const url = onWhich(stack.apis, i);
  const { institution_id } = people;
  const bench = hearing.speakers.filter((name) => name.startsWith('bench'));
  const counsel = hearing.speakers.filter((name) => name.startsWith('counsel'));
  const make = (role: string) => (name: string) => person(role, { institution_id, name });
  const judges = bench.map(make('judge'));
  const advocates = counsel.map(make('participant'));
  const petitioner = advocates.slice(0, 1);
  const respondent = advocates.length > 1 ? advocates.slice(1) : [people.respondent];
  const entry = ({ id, name }: Person) => ({ user_id: id, name });
  const assignment = await must(
    post(url, '/api/assignment/create', people.admin, {
      ...assignmentBody(people),
      title: hearing.docket,
      petitioner: petitioner.map(entry),
      respondent: respondent.map(entry),
      panel: judges.map(entry),
    }),
  );
  const assignment_id = assignment.result.id;
  const metadata = { docket: hearing.docket, sections: hearing.sections };
  const session = await must(post(url, '/api/session/create', people.admin, { assignment_id, metadata }));
  const session_id = session.result.id as string;
  const path = `/api/session/${session_id}`;
  const listening = { token: people.student.token, session_id, last_sequence: 0 };
  const relay = onWhich(stack.relays, i);
  const listeners = [await listenOnWebSocket(relay, listening), await listenOnSocketIo(relay, listening)];
  await must(post(url, `${path}/start`, judges[0]!));
  for (const who of judges) await must(post(url, `${path}/join`, who, { role: 'judge' }));
  for (const who of petitioner) await must(post(url, `${path}/join`, who, { role: 'petitioner' }));
  for (const who of respondent) await must(post(url, `${path}/join`, who, { role: 'respondent' }));
  for (const [section, speaker, start_ms, stop_ms] of hearing.utterances) {
    const details: Json = { section, speaker, start_ms, stop_ms };
    const headers = { 'Idempotency-Key': randomUUID() };
    await must(post(url, `${path}/log`, judges[0]!, { event_type: 'UTTERANCE', details }, headers));
  }
  await must(post(url, `${path}/complete`, judges[0]!));
  return { session_id, listeners };
}

async function readWholeLog(session_id: string, who: Person): Promise<Json[]> {
  const log: Json[] = [];
  for (let next: number | null = 1; next !== null; ) {
    const page: Json = await must(get(stack.url, `/api/session/${session_id}/logs?start_sequence=${next}`, who));
    log.push(...page.logs);
    next = page.next_sequence;
  }
  return log;
}
