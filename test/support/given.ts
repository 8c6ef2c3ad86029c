/**
 * Specifications of decisions: `given(events).when(command, body, actor).then(events | rejection code)`. Pure: events
 * are chained and folded in memory, exactly as the applier does it, and whatever is recorded is checked on the way.
 */
import { expect } from 'vitest';
import type { contactProblems } from '../../src/contact/contactProblems.ts';
import { type Decided, decideBatch } from '../../src/core/apply/decideBatch.ts';
import type { StreamState } from '../../src/core/apply/keptStates.ts';
import { foldWrites } from '../../src/core/apply/projections.ts';
import { evolveWith, initialState } from '../../src/core/apply/streamStates.ts';
import { canonicalPayload, payloadCommitment } from '../../src/core/chain/chain.ts';
import { eventId } from '../../src/core/chain/ids.ts';
import {
  chainEvent,
  EMPTY_HEAD,
  type EventRow,
  hashOf,
  headAfter,
  recordedEvent,
} from '../../src/core/chain/ledger.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Author } from '../../src/core/definitions/author.ts';
import type { Catalog, Mutation } from '../../src/core/definitions/command.ts';
import type { JsonObject, NewEvent } from '../../src/core/definitions/event.ts';
import type { ProblemCode } from '../../src/core/definitions/problem.ts';
import { streamName } from '../../src/core/definitions/stream.ts';
import type { FileInfo } from '../../src/core/definitions/upload.ts';
import type { Write } from '../../src/core/definitions/write.ts';
import type { courtProblems } from '../../src/court/problems.ts';
import type { feedProblems } from '../../src/feeds/feedProblems.ts';
import type { galleryProblems } from '../../src/gallery/galleryProblems.ts';
import type { guardProblems } from '../../src/guard/guardProblems.ts';
import type { loginProblems } from '../../src/logins/loginProblems.ts';
import { catalog } from '../../src/modules.ts';
import type { noticeProblems } from '../../src/notices/noticeProblems.ts';
import type { policyProblems } from '../../src/policies/policyProblems.ts';
import { authorOf } from './hall.ts';
import { ASSIGNMENT, BOARD, FEED, INSTITUTION, MATCH, POLICY, presiding, SESSION } from './matchFixture.ts';
import { expectRowsAgree } from './rowsAgree.ts';

const PAST = '018f3c1e-0000-7000-8000-000000000000';
const COMMAND = '018f3c1e-1111-7111-8111-111111110000';
export const NOW = '2026-11-21T12:00:00.000Z';

/** Whose streams are not named after the session. */
const IDS: Record<string, string> = {
  assignment: ASSIGNMENT,
  institution: INSTITUTION,
  guard: INSTITUTION,
  audit: INSTITUTION,
  contact: presiding.id,
  feed: FEED,
  board: BOARD,
  calendar: presiding.id,
  match: MATCH,
  policy: POLICY,
};

export interface More {
  id?: string;
  /** The database's clock; `NOW` where nothing is said. */
  now?: string;
  fact?: unknown;
  /** `If-Match`. */
  expected_sequence?: number;
  observation_id?: string;
  /** Of an upload, as the door knows it. */
  file?: FileInfo;
  /** What the guard knows of the sender besides. */
  author?: Partial<Author>;
  /** What the inbox has in the place of what was put aside. */
  kept?: object;
}

/** What a command that was applied came to. */
export interface Verdict {
  result: JsonObject;
  /** Where its answer says that it is in the record. */
  recorded: { stream: string | null; sequence_from: number | null; sequence_to: number | null };
  rows: EventRow[];
  writes: Write[];
  states: { [kind: string]: any };
}

type Code =
  | ProblemCode
  | keyof typeof courtProblems
  | keyof typeof galleryProblems
  | keyof typeof guardProblems
  | keyof typeof contactProblems
  | keyof typeof feedProblems
  | keyof typeof loginProblems
  | keyof typeof noticeProblems
  | keyof typeof policyProblems;
type AnyDefinition = Pick<Mutation, 'name'>;

const MINUTE_MS = 60_000;

/** By the command's name: the codes it was rejected with, and the types of the events it recorded. */
export const met = new Map<string, Set<string>>();

function meet(name: string, ...what: string[]): void {
  const known = met.get(name) ?? new Set();
  for (const one of what) known.add(one);
  met.set(name, known);
}

/** Events of the assignment's and the session's stream, in order; each happened a minute after the one before. */
export function given(...events: NewEvent[]) {
  return givenEvery(MINUTE_MS, ...events);
}

/** The same, closer together or further apart. */
export function givenEvery(spacing_ms: number, ...events: NewEvent[]) {
  const past = record(events, spacing_ms);

  function when({ name }: AnyDefinition, body: object, actor: Actor, more: More = {}) {
    const definition = catalog.commands.get(name)!;
    const decided = decide(definition, body, actor, past.held, more);

    function then(...expected: NewEvent[] | [Code, object?]): Verdict | undefined {
      expect(decided.faults).toEqual([]);
      const [outcome] = decided.outcomes;
      const parsed = JSON.parse(outcome!.body);
      const [first, extra] = expected;
      if (typeof first === 'string') {
        expect(parsed.problem).toMatchObject({ code: first, ...extra });
        expect([...definition.rejects, 'precondition_failed']).toContain(first);
        expect(decided).toMatchObject({ rows: [], writes: [] });
        meet(name, first);
        return undefined;
      }
      expect(outcome).toMatchObject({ status: 'applied' });
      expect(decided.rows.map(newEvent)).toEqual(expected);
      for (const row of decided.rows) expectSound(row);
      const states = Object.fromEntries(
        [...past.held, ...decided.moved].map(([name, { state }]) => [kind(name), state]),
      );
      expectRowsAgree([...past.writes, ...decided.writes], states);
      meet(name, ...decided.rows.map(({ event_type }) => event_type));
      const { result, stream, sequence_from, sequence_to } = parsed;
      const recorded = { stream, sequence_from, sequence_to };
      return { result, recorded, rows: decided.rows, writes: foldWrites(decided.writes), states };
    }

    return { then };
  }

  /** What the events come to, in memory and in the rows that they write. */
  function states(): { [kind: string]: any } {
    const folded = Object.fromEntries([...past.held].map(([name, { state }]) => [kind(name), state]));
    expectRowsAgree(past.writes, folded);
    return folded;
  }

  return { when, states };
}

const kind = (stream: string) => stream.split(':')[0]!;
const newEvent = (row: EventRow): NewEvent => ({
  kind: kind(row.stream),
  type: row.event_type,
  payload: JSON.parse(row.payload!),
});

function record(events: NewEvent[], spacing_ms: number): { held: Map<string, StreamState>; writes: Write[] } {
  const held = new Map<string, StreamState>();
  const writes: Write[] = [];
  events.forEach((event, i) => {
    const stream = streamName(event.kind, IDS[event.kind] ?? SESSION);
    const { head, state } = held.get(stream) ?? { head: EMPTY_HEAD, state: initialState(catalog, stream) };
    const at = new Date(Date.parse(NOW) - (events.length - i) * spacing_ms).toISOString();
    const row = chainEvent(stream, head, event, eventId(PAST, i + 1), 'system', at);
    const after = evolveWith(catalog, state, row);
    held.set(stream, { head: headAfter(row), state: after });
    writes.push(...(catalog.events.get(event.type)?.project(recordedEvent(row) as never, after) ?? []));
  });
  return { held, writes };
}

function decide(
  definition: Mutation,
  body: object,
  actor: Actor,
  past: ReadonlyMap<string, StreamState>,
  { id = COMMAND, now = NOW, fact, expected_sequence, observation_id, file, author, kept }: More,
): Decided {
  const route = 'route' in definition ? String(definition.route) : '';
  const params = {
    ...(route.includes(':session_id') && { session_id: SESSION }),
    ...(route.includes(':assignment_id') && { assignment_id: ASSIGNMENT }),
    ...(route.includes(':institution_id') && { institution_id: INSTITUTION }),
    ...(route.includes(':user_id') && { user_id: presiding.id }),
    ...(route.includes(':feed_id') && { feed_id: FEED }),
    ...(route.includes(':board_id') && { board_id: BOARD }),
    ...(route.includes(':policy_id') && { policy_id: POLICY }),
    ...(route.includes(':provider_id') && { provider_id: 'Ada/42' }),
    ...(route.includes(':match_id') && { match_id: MATCH }),
    ...(route.includes('/conflict/:n') && { n: '3' }),
    ...(/^POST .(api.(guard|feed.:|board.:|match.:)|policies.)/.test(route) && { owner: INSTITUTION }),
    observation_id,
    file,
    ...('guarded' in definition && { author: { ...authorOf(actor), ...author } }),
    ...kept,
  };
  const input = { ...definition.body.parse(body), ...JSON.parse(JSON.stringify(params)) };
  const session_id = past.has(streamName('session', SESSION)) ? SESSION : null;
  const streams = definition.streams(
    { id, input, is_conditional: expected_sequence !== undefined },
    { assignment_id: ASSIGNMENT, session_id },
  );
  const held = new Map(
    streams.map((stream) => [stream, past.get(stream) ?? { head: EMPTY_HEAD, state: initialState(catalog, stream) }]),
  );
  const facts = new Map(definition.facts ? [[`${definition.name} ${definition.facts.key({ id, input })}`, fact]] : []);
  const pending = {
    ...{ id, name: definition.name, stream: streams[0]!, streams, input, actor },
    ...{ expected_sequence: expected_sequence ?? null, attempts: 0, last_error: null, reply_to: 'nobody' },
    ...{ request_id: id, traceparent: null },
  };
  return decideBatch({ catalog: catalog as Catalog, pending: [pending], now, current: held, facts });
}

/** A stranger would find nothing wrong with it. */
function expectSound(row: EventRow): void {
  const payload = JSON.parse(row.payload!) as JsonObject;
  const schema = catalog.events.get(row.event_type)?.payload;
  if (schema) expect(schema.parse(payload)).toEqual(payload);
  expect(canonicalPayload(payload)).toBe(row.payload);
  expect(payloadCommitment(Buffer.from(row.payload_salt!, 'hex'), row.payload!)).toBe(row.payload_commitment);
  expect(hashOf(row)).toBe(row.event_hash);
}
