/** Sessions decided in memory as the applier decides: one that is under way, or one of 500 events with turns, questions, objections, notes and the seal. */
import { decideBatch } from '../src/core/apply/decideBatch.ts';
import type { StreamState } from '../src/core/apply/keptStates.ts';
import { initialState } from '../src/core/apply/streamStates.ts';
import { newCommandId } from '../src/core/chain/ids.ts';
import { EMPTY_HEAD, type EventRow } from '../src/core/chain/ledger.ts';
import type { Actor } from '../src/core/definitions/actor.ts';
import type { Catalog } from '../src/core/definitions/command.ts';
import type { JsonObject } from '../src/core/definitions/event.ts';
import type { Write } from '../src/core/definitions/write.ts';
import type { SessionState } from '../src/court/sessions/session.ts';
import { catalog } from '../src/modules.ts';
import { admin, INSTITUTION, match, petitioner, presiding, respondent } from '../test/support/matchFixture.ts';

export const EVENTS = 500;
const TURNS = 4;
const QUESTIONS = 25;
const OBJECTIONS = 3;
const NOTES = 30;
const TEXT = 'The witness has answered the question, counsel. '.repeat(3);

export interface PlayedSession {
  /** Of the session's stream and its assignment's, in order. */
  rows: EventRow[];
  /** Of all commands but the last, and of the last, after which nothing is written any more. */
  writes: [Write[], Write[]];
}

export interface OpenSession {
  session_id: string;
  played: PlayedSession;
  act: Act;
  stateOf(): SessionState;
  /** Events that are there. */
  count(): number;
}

/** A match and its session, to which nobody has come yet. @param begins_ms when its match is made; a second passes with each command */
export function openSession(begins_ms: number, institution_id: string): OpenSession {
  const session_id = newCommandId(begins_ms);
  const assignment_id = newCommandId(begins_ms);
  const [session, assignment] = [`session:${session_id}`, `assignment:${assignment_id}`];
  const held = new Map<string, StreamState>(
    [session, assignment].map((stream) => [stream, { head: EMPTY_HEAD, state: initialState(catalog, stream) }]),
  );
  const played: PlayedSession = { rows: [], writes: [[], []] };
  let now_ms = begins_ms;

  function send(name: string, input: JsonObject, actor: Actor, id: string, streams: string[]): { id: string } {
    now_ms += 1_000;
    const command = { id, name, stream: streams[0]!, streams, input, actor, expected_sequence: null, attempts: 0 };
    const pending = { ...command, last_error: null, reply_to: '', request_id: 'bench', traceparent: null };
    const around = { now: new Date(now_ms).toISOString(), current: held, facts: new Map() };
    const { rows, writes, moved, outcomes } = decideBatch({
      catalog: catalog as Catalog,
      pending: [pending],
      ...around,
    });
    if (outcomes[0]?.status !== 'applied') throw new Error(`${name}: ${JSON.stringify(outcomes)}`);
    for (const [stream, state] of moved) held.set(stream, state);
    played.rows.push(...rows);
    played.writes[name === 'session.complete' ? 1 : 0].push(...writes);
    return JSON.parse(outcomes[0].body).result;
  }

  const clerk = { ...admin, institution_id };
  const act: Act = (name, body, actor = presiding) => {
    const input = { ...catalog.commands.get(name)!.body.parse(body), session_id } as JsonObject;
    return send(name, input, actor, newCommandId(now_ms), [session, assignment]);
  };
  const entered = { ...structuredClone(match), institution_id, format: 'jessup-45' };
  const body = catalog.commands.get('assignment.create')!.body.parse(entered) as JsonObject;
  send('assignment.create', { ...body, institution_id }, clerk, assignment_id, [assignment]);
  send('session.create', { assignment_id, metadata: {} }, clerk, session_id, [assignment, session]);
  const stateOf = () => held.get(session)!.state as SessionState;
  return { session_id, played, act, stateOf, count: () => held.get(session)!.head.sequence };
}

/** One that began. */
export function startSession(begins_ms: number, institution_id: string): OpenSession {
  const open = openSession(begins_ms, institution_id);
  open.act('session.start', {}, { ...admin, institution_id });
  return open;
}

export function playSession(begins_ms: number): PlayedSession {
  const { played, act, stateOf, count } = openSession(begins_ms, INSTITUTION);
  const left = () => EVENTS - count() - 1;
  act('session.join', { role: 'petitioner' }, petitioner);
  act('session.join', { role: 'respondent' }, respondent);
  act('session.join', { role: 'judge' });
  act('session.start', {});
  for (let n = 0; n < TURNS; n += 1) holdTurn(stateOf().turns[n]!, act);
  while (left() > 0) act('session.log', { event_type: 'BENCH_NOTE', details: { text: TEXT, left: left() } });
  act('session.complete', { skip_turns: true });
  return played;
}

type Act = (name: string, body: JsonObject, actor?: Actor) => { id: string };

function holdTurn({ id: turn_id, side }: SessionState['turns'][number], act: Act): void {
  const [speaker, opponent] = side === 'petitioner' ? [petitioner, respondent] : [respondent, petitioner];
  act('turn.start', { turn_id, speaker_id: speaker.id });
  for (let n = 0; n < QUESTIONS; n += 1) {
    act('turn.question', { turn_id, phase: 'start' });
    act('turn.question', { turn_id, phase: 'end' });
  }
  for (let n = 0; n < OBJECTIONS; n += 1) {
    const { id: objection_id } = act(
      'objection.raise',
      { turn_id, ground: 'misrepresentation', reason: TEXT },
      opponent,
    );
    act('objection.rule', {
      objection_id,
      decision: n % 2 === 0 ? 'sustained' : 'overruled',
      ruling: 'Go on, counsel.',
    });
  }
  for (let n = 0; n < NOTES; n += 1) act('session.log', { event_type: 'BENCH_NOTE', details: { text: TEXT, n } });
  act('turn.end', { turn_id });
}
