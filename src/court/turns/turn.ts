/**
 * A turn: one timed speech of one side. An active turn's clock runs or is stopped (clock.ts).
 *
 *             start            end, expire where the format ends it, the session's end
 *   planned ────────▶ active ──────────────────────────────────────────────────────────▶ ended
 *      └────────▶ waived
 *        waive (a rebuttal)
 *
 * What began or was waived by mistake is voided: it does not count, and a new one stands in its place.
 */
import { z } from 'zod';
import { eventId } from '../../core/chain/ids.ts';
import { id } from '../../core/definitions/schemas.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { insert, type Row, update, type Write } from '../../core/definitions/write.ts';
import { type Format, KINDS, type Kind, SIDES, type Side } from '../formats/format.ts';
import { budgetMs, deadlineOf, spokenMs, stoppedAt, type Timed } from './clock.ts';

export const TURN_STATES = ['planned', 'active', 'ended', 'waived', 'voided'] as const;
export type TurnState = (typeof TURN_STATES)[number];

/** A turn as it is planned, in the payloads that plan it. */
export const plannedTurn = z.strictObject({
  id,
  /** From 1; the order in which they were planned. What replaces a voided turn has its place. */
  order_index: z.int(),
  side: z.enum(SIDES),
  kind: z.enum(KINDS),
  allotted_ms: z.int(),
  min_ms: z.int(),
  protected_ms: z.int(),
  objections: z.boolean(),
  /** The turn of which this is the rest. */
  continues: id.nullable(),
});
export type PlannedTurn = z.output<typeof plannedTurn>;

export interface Turn extends PlannedTurn, Timed {
  side: Side;
  kind: Kind;
  state: TurnState;
  speaker_id: string | null;
  speaker_name: string | null;
  /** When its time ran out: the violation flag. */
  expired_at: string | null;
  questions: number;
  question_since: string | null;
  /** Set when it ends. What was spoken within the time, and beyond it. */
  used_ms: number | null;
  overtime_ms: number | null;
}

export const turns = defineTable({
  name: 'session_turns',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
  found_by: 'turn_id',
});

/** The turns of a format; a session's start makes them, and their ids follow its event's. */
export function turnsOf({ segments }: Format, command_id: string): PlannedTurn[] {
  return segments.map((segment, i) => ({
    ...segment,
    id: eventId(command_id, i + 2),
    order_index: i + 1,
    continues: null,
  }));
}

export function newTurn(planned: PlannedTurn): Turn {
  return {
    ...planned,
    state: 'planned',
    speaker_id: null,
    speaker_name: null,
    started_at: null,
    extension_ms: 0,
    paused_ms: 0,
    paused_since: null,
    paused_by: [],
    expired_at: null,
    questions: 0,
    question_since: null,
    ended_at: null,
    used_ms: null,
    overtime_ms: null,
  };
}

export function activeTurn(turns: readonly Turn[]): Turn | undefined {
  return turns.find(({ state }) => state === 'active');
}

/** The turn as it ends then: what was spoken is within its time, or overtime. */
export function endedTurn(turn: Turn, at: string): Turn {
  const spoken_ms = spokenMs(turn, at);
  const used_ms = Math.min(spoken_ms, budgetMs(turn));
  return { ...stoppedAt(turn, at), state: 'ended', question_since: null, used_ms, overtime_ms: spoken_ms - used_ms };
}

/** Ended by the format at its deadline: the delay of noticing it is not counted as overtime. */
export function timedOutTurn(turn: Turn, at: string): Turn {
  return { ...endedTurn(turn, at), used_ms: budgetMs(turn), overtime_ms: 0 };
}

/** Void from then on: when it was, and who spoke, stays; how long no longer counts. */
export function voidedTurn(turn: Turn, at: string): Turn {
  const stopped = turn.state === 'active' ? stoppedAt(turn, at) : turn;
  return { ...stopped, state: 'voided', question_since: null, used_ms: null, overtime_ms: null };
}

/** Those that count, in their order. */
export function standingTurns(turns: readonly Turn[]): Turn[] {
  return turns.filter(({ state }) => state !== 'voided');
}

/** What was planned as the rest of this turn. */
export function restOf(turns: readonly Turn[], { id }: Turn): Turn | undefined {
  return standingTurns(turns).find(({ continues }) => continues === id);
}

function columns({ id: _, ...turn }: Turn): Row {
  return { ...turn, deadline: deadlineOf(turn) };
}

export function turnInsert(session_id: string, turn: Turn): Write {
  return insert('session_turns', { id: turn.id }, { session_id, ...columns(turn) });
}

/** All columns, so that the turns that a batch changes are written by one statement. */
export function turnUpdate(turn: Turn): Write {
  return update('session_turns', { id: turn.id }, columns(turn));
}

/** What a pause of the session, or its end, writes: there is at most one. */
export function activeTurnUpdates(turns: readonly Turn[]): Write[] {
  return turns.filter(({ state }) => state === 'active').map(turnUpdate);
}

/** The turn that an event or a command names. @throws when there is none: `decide` has made sure of it */
export function turnOfPayload(turns: readonly Turn[], { turn_id }: { turn_id: string }): Turn {
  const turn = turns.find(({ id }) => id === turn_id);
  if (!turn) throw new Error(`no turn ${turn_id}`);
  return turn;
}
