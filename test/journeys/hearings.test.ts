/**
 * Real hearings played from beginning to end over HTTP, all at once and as fast as it goes, while listeners follow on
 * sockets: each section is a turn of its main counsel, each utterance of the bench a question. What each listener heard
 * is the log, the turns are those of the sheet, the record verifies, and so does each bundle with nothing but the key. Their times: test/court/turns/hearings.test.ts.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../src/cli/verify.ts';
import { formatOf, type Hearing, hearings, speechesOf } from '../support/argumentTimings.ts';
import { assignmentBody, type Cast, cast, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { followWhole } from '../support/follower.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { checkpointed } from '../support/log.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { openTerminal } from '../support/terminal.ts';

/** Each is hundreds of commands: the shortest shows what all of them do, and two what several processes do at once. */
const byLength = hearings.toSorted((a, b) => a.utterances.length - b.utterances.length);
const sheets = isEverything ? hearings : byLength.slice(0, kind === 'embedded' ? 1 : 2);

let stack: Stack;

beforeAll(async () => {
  if (!isLeftOut) stack = await startStack({ GUARD_MAX_KEYS: '1000' });
});
afterAll(() => stack?.stop());

interface Played {
  session_id: string;
  hearing: Hearing;
  /** Ids by the names on the sheet. */
  ids: Map<string, string>;
  listeners: Listener[];
  follower: ReturnType<typeof followWhole>;
}

const onWhich = (list: string[], i: number) => list[i % list.length]!;

describe.skipIf(isLeftOut)(`the hearings, ${kind}`, () => {
  test('every listener hears the log, once and in order, and the record verifies', { timeout: 600_000 }, async () => {
    const people = cast();
    const played = await Promise.all(sheets.map((hearing, i) => play(hearing, people, i)));
    for (const { session_id, listeners, follower, ...rest } of played) {
      const log = await readWholeLog(session_id, people.admin);
      await expectHeldAsOnSheet(session_id, rest, log, people.admin);
      for (const listener of listeners) {
        await listener.until(({ event_type }) => event_type === 'SESSION_COMPLETED');
        expect(listener.events()).toEqual(log);
        listener.close();
      }
      await follower.expectLog(log);
      const verdict = await must(get(stack.url, `/api/session/${session_id}/verify`, people.admin));
      expect(verdict).toMatchObject({ is_valid: true, issues: [], events_checked: log.length });
    }
    const vkey = await checkpointed(stack);
    for (const { session_id } of played) await expectIntactAtHome(session_id, people.admin, vkey);
    const record = await must(get(stack.url, '/integrity/global-verify', people.admin));
    expect(record).toMatchObject({ system_valid: true, tamper_detected: false, sessions_checked: sheets.length });
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
  const ids = new Map([...judges, ...advocates].map(({ id, name }) => [name, id]));
  const speeches = speechesOf(hearing);
  const entry = ({ id, name }: Person) => ({ user_id: id, name });
  const assignment = await must(
    post(url, '/api/assignment/create', people.admin, {
      ...assignmentBody(people),
      title: hearing.docket,
      petitioner: petitioner.map(entry),
      respondent: respondent.map(entry),
      panel: judges.map(entry),
      format: formatOf(speeches, i % 2 === 0),
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
  const follower = followWhole({ url: relay, api: url, session: session_id, token: people.student.token });
  await must(post(url, `${path}/start`, judges[0]!));
  for (const who of judges) await must(post(url, `${path}/join`, who, { role: 'judge' }));
  for (const who of petitioner) await must(post(url, `${path}/join`, who, { role: 'petitioner' }));
  for (const who of respondent) await must(post(url, `${path}/join`, who, { role: 'respondent' }));
  const act = (verb: string, body: Json = {}) =>
    must(post(url, `${path}/${verb}`, judges[0]!, body, { 'Idempotency-Key': randomUUID() }));
  const { items: turns } = await must(get(url, `${path}/turns`, judges[0]!));
  for (const [section, { counsel, utterances }] of speeches.entries()) {
    const turn_id = turns[section].id as string;
    await act('turn/start', { turn_id, speaker_id: ids.get(counsel) });
    for (const { speaker, isBench, start_ms, stop_ms } of utterances) {
      if (isBench) await act('turn/question', { turn_id, phase: 'start', judge_id: ids.get(speaker) });
      await act('log', { event_type: 'UTTERANCE', details: { section, speaker, start_ms, stop_ms } });
      if (isBench) await act('turn/question', { turn_id, phase: 'end' });
    }
    await act('turn/end', { turn_id });
  }
  await act('complete', { skip_turns: true });
  return { session_id, hearing, ids, listeners, follower };
}

/** As a stranger checks the bundle that was taken home: with the key, and with neither this server nor a database. */
async function expectIntactAtHome(session_id: string, who: Person, vkey: string): Promise<void> {
  const headers = { authorization: `Bearer ${who.token}` };
  const answer = await fetch(`${stack.url}/api/session/${session_id}/bundle`, { headers });
  const folder = await mkdtemp(join(tmpdir(), 'plearoll-home-'));
  try {
    const file = join(folder, 'bundle.zip');
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    const terminal = openTerminal();
    expect(await verify.run([file, '--key', vkey], terminal)).toBe(0);
    expect(terminal.said()).toMatch(/^INTACT \(anchored\)/);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Who spoke, who asked, and that the time of each turn is shared out to the millisecond. */
async function expectHeldAsOnSheet(
  session_id: string,
  { hearing, ids }: Pick<Played, 'hearing' | 'ids'>,
  log: Json[],
  who: Person,
): Promise<void> {
  const { items: turns } = await must(get(stack.url, `/api/session/${session_id}/turns`, who));
  const speeches = speechesOf(hearing);
  expect(turns).toHaveLength(speeches.length);
  for (const [i, { counsel, kind, side, utterances }] of speeches.entries()) {
    const asked = utterances.filter(({ isBench }) => isBench);
    const { id: turn_id, ...turn } = turns[i];
    expect(turn).toMatchObject({ kind, side, state: 'ended', questions: asked.length, expired_at: null });
    expect(turn.speaker).toEqual({ user_id: ids.get(counsel), name: counsel });
    const elapsed_ms = Date.parse(turn.ended_at) - Date.parse(turn.started_at);
    expect(turn.used_ms + turn.overtime_ms + turn.paused_ms).toBe(elapsed_ms);
    const questions = log.filter(
      ({ event_type, payload }) => event_type === 'TURN_QUESTION_STARTED' && payload.turn_id === turn_id,
    );
    expect(questions.map(({ payload }) => payload.judge_id)).toEqual(asked.map(({ speaker }) => ids.get(speaker)));
  }
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
