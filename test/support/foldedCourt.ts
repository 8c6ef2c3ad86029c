/** One session in memory, under a clock of the test's own: every command is decided and folded as the applier does it. */
import { expect } from 'vitest';
import { decideBatch } from '../../src/core/apply/decideBatch.ts';
import type { StreamState } from '../../src/core/apply/keptStates.ts';
import { evolveWith, initialState } from '../../src/core/apply/streamStates.ts';
import { newCommandId } from '../../src/core/chain/ids.ts';
import { EMPTY_HEAD, type EventRow } from '../../src/core/chain/ledger.ts';
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { kindOf } from '../../src/core/definitions/stream.ts';
import type { FileInfo } from '../../src/core/definitions/upload.ts';
import type { Write } from '../../src/core/definitions/write.ts';
import type { SessionState } from '../../src/court/sessions/session.ts';
import { catalog } from '../../src/modules.ts';
import { NOW } from './given.ts';
import { ASSIGNMENT, admin, SESSION } from './matchFixture.ts';
import { expectRowsAgree } from './rowsAgree.ts';

const UNTRACED = { request_id: 'folded', traceparent: null };

export type FoldedCourt = ReturnType<typeof openFoldedCourt>;

interface Options {
  /** Names each command at this time of the court's clock. */
  newId?: (now_ms: number) => string;
  session_id?: string;
  assignment_id?: string;
}

/** @param assignment the body of its `assignment.create` */
export function openFoldedCourt(
  assignment: JsonObject,
  { newId = newCommandId, session_id = SESSION, assignment_id = ASSIGNMENT }: Options = {},
) {
  const streams = [`session:${session_id}`, `assignment:${assignment_id}`] as const;
  const held = new Map<string, StreamState>(
    streams.map((stream) => [stream, { head: EMPTY_HEAD, state: initialState(catalog, stream) }]),
  );
  const rows: EventRow[] = [];
  const writes: Write[] = [];
  let now_ms = Date.parse(NOW);

  const session = () => held.get(streams[0])!.state as SessionState;
  const now = () => new Date(now_ms).toISOString();

  function decide(
    name: string,
    input: JsonObject,
    actor: Actor,
    id: string,
    locked: readonly string[],
    facts: ReadonlyMap<string, unknown> = new Map(),
  ) {
    const definition = catalog.commands.get(name)!;
    const command = { id, name, stream: locked[0]!, streams: [...locked], input, actor };
    const pending = [
      { ...command, expected_sequence: null, attempts: 0, last_error: null, reply_to: 'nobody', ...UNTRACED },
    ];
    const decided = decideBatch({ catalog: catalog as Catalog, pending, now: now(), current: held, facts });
    expect(decided.faults).toEqual([]);
    for (const [stream, moved] of decided.moved) held.set(stream, moved);
    rows.push(...decided.rows);
    writes.push(...decided.writes);
    const { status, body } = decided.outcomes[0]!;
    const { problem, result } = JSON.parse(body);
    if (status === 'rejected') {
      expect(definition.rejects).toContain(problem.code);
      expect(decided.rows).toEqual([]);
    }
    return { status, result, problem };
  }

  /** A command of the session, sent now; with a file as the door would name it, where the body is a form. */
  function send(name: string, body: JsonObject, actor: Actor, file?: FileInfo, fact?: unknown) {
    const definition = catalog.commands.get(name)!;
    const hasRoute = 'route' in definition;
    const parsed = definition.body.parse(hasRoute ? body : { ...body, session_id }) as JsonObject;
    const input = { ...parsed, session_id, ...(file && { file }) } as JsonObject;
    const key = definition.facts?.key({ id: '', input });
    const facts = new Map(fact === undefined ? [] : [[`${name} ${key}`, fact]]);
    return decide(name, input, actor, newId(now_ms), streams, facts);
  }

  /** A command of the assignment, sent now. */
  function sendOfMatch(name: string, body: JsonObject, actor: Actor) {
    const parsed = catalog.commands.get(name)!.body.parse(body) as JsonObject;
    const id = newId(now_ms);
    const facts = new Map<string, unknown>([
      [`${name} ${assignment_id}`, session_id],
      [`${name} ${id}`, { session_id, candidates: [] }],
    ]);
    return decide(name, { ...parsed, assignment_id }, actor, id, streams.toReversed(), facts);
  }

  /** A command that locks neither of the two, sent now. */
  function sendApart(name: string, input: JsonObject, actor: Actor, fact?: unknown) {
    const id = newId(now_ms);
    const locked = catalog.commands.get(name)!.streams({ id, input }, { assignment_id, session_id });
    for (const stream of locked) {
      if (!held.has(stream)) held.set(stream, { head: EMPTY_HEAD, state: initialState(catalog, stream) });
    }
    const key = catalog.commands.get(name)!.facts?.key({ id, input });
    return decide(name, input, actor, id, locked, new Map([[`${name} ${key}`, fact]]));
  }

  /** Folded again the events come to the same, and to the rows that they write. */
  function expectFolded(): void {
    for (const [stream, { state }] of held) {
      const events = rows.filter((row) => row.stream === stream);
      const refolded = events.reduce((state, row) => evolveWith(catalog, state, row), initialState(catalog, stream));
      expect(refolded).toEqual(state);
    }
    expectRowsAgree(writes, Object.fromEntries([...held].map(([stream, { state }]) => [kindOf(stream), state])));
  }

  decide('assignment.create', assignment, admin, assignment_id, [streams[1]]);
  decide('session.create', { assignment_id }, admin, session_id, [streams[1], streams[0]]);

  return {
    send,
    sendOfMatch,
    sendApart,
    session,
    now,
    rows,
    expectFolded,
    wait(ms: number) {
      now_ms += ms;
    },
  };
}
