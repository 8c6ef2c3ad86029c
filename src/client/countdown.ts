/**
 * The clock of the turn under way, followed from events: each that changes it says what it shows right after, but for a
 * recess, which holds it together with whatever else does. Instants are the server's.
 */
import type { JsonObject } from '../core/definitions/event.ts';
import type { SessionEvent } from './protocol.ts';

/** The clock as it stands now. */
export interface ClockNow {
  turn_id: string;
  /** Never below 0; what is beyond is overtime. */
  remaining_ms: number;
  overtime_ms: number;
  running: boolean;
}

export interface Countdown {
  follow(event: SessionEvent): void;
  /** Begins with the state of a snapshot. */
  begin(snapshot: JsonObject): void;
  /** @param now ms of the server's time; null where no turn is under way */
  at(now: number): ClockNow | null;
}

interface Reading extends ClockNow {
  /** When it stood so. */
  since: number;
}

interface ToldClock {
  remaining_ms: number;
  overtime_ms: number;
  running: boolean;
}

/** Names that are reserved: what people log under names of their own may have a clock too. */
const OF_A_TURN = /^(TURN|OBJECTION)_/;
const OBJECTION_OVER = new Set(['OBJECTION_RULED', 'OBJECTION_RULED_FOR', 'OBJECTION_WITHDRAWN']);

export function createCountdown(): Countdown {
  let reading: Reading | null = null;
  /** What holds it: a recess, the bench, or an objection by its id. */
  const holds = new Set<string>();

  function follow({ event_type, occurred_at, payload }: SessionEvent): void {
    if (payload === null) return;
    if (event_type === 'TURN_STARTED') holds.clear();
    note(event_type, payload);
    if (isOver(event_type, payload) || isVoid(event_type, payload)) reading = null;
    else if (OF_A_TURN.test(event_type) && isClock(payload.clock)) {
      const turn_id = typeof payload.turn_id === 'string' ? payload.turn_id : reading?.turn_id;
      if (turn_id !== undefined) reading = { turn_id, ...told(payload.clock), since: Date.parse(occurred_at) };
    } else if (event_type === 'SESSION_PAUSED' || event_type === 'SESSION_RESUMED') recess(Date.parse(occurred_at));
  }

  function note(event_type: string, { objection_id, stops_clock }: JsonObject): void {
    if (event_type === 'SESSION_PAUSED') holds.add('session');
    if (event_type === 'SESSION_RESUMED') holds.delete('session');
    if (event_type === 'OBJECTION_RAISED' && stops_clock === true) holds.add(String(objection_id));
    if (OBJECTION_OVER.has(event_type)) holds.delete(String(objection_id));
    if (event_type === 'TURN_TAKEN_OVER') holds.add('bench');
    if (event_type === 'TURN_QUESTION_STARTED' && stops_clock === true) holds.add('bench');
    if (event_type === 'TURN_RETURNED' || event_type === 'TURN_QUESTION_ENDED') holds.delete('bench');
  }

  /** What is voided may have ended before, while another has the floor. */
  function isVoid(event_type: string, { turn_id }: JsonObject): boolean {
    return event_type === 'TURN_VOIDED' && turn_id === reading?.turn_id;
  }

  function recess(now: number): void {
    const stood = at(now);
    if (stood) reading = { ...stood, running: holds.size === 0, since: now };
  }

  function begin({ turn, clock, objections }: JsonObject): void {
    holds.clear();
    reading = null;
    if (!isClock(clock) || !isTurn(turn)) return;
    reading = { turn_id: turn.id, ...told(clock), since: Date.parse(clock.server_time ?? '') };
    for (const reason of turn.paused_by) {
      const pending = reason === 'objection' && Array.isArray(objections) && objections.find(isPendingOn(turn.id));
      holds.add(pending ? pending.id : reason);
    }
  }

  function at(now: number): ClockNow | null {
    if (!reading) return null;
    const { turn_id, remaining_ms, overtime_ms, running, since } = reading;
    const left_ms = remaining_ms - overtime_ms - (running ? Math.max(0, now - since) : 0);
    return { turn_id, remaining_ms: Math.max(0, left_ms), overtime_ms: Math.max(0, -left_ms), running };
  }

  return { follow, begin, at };
}

function isOver(event_type: string, { ends }: JsonObject): boolean {
  return ['TURN_ENDED', 'SESSION_COMPLETED'].includes(event_type) || (event_type === 'TURN_EXPIRED' && ends === true);
}

function told({ remaining_ms, overtime_ms, running }: ToldClock): ToldClock {
  return { remaining_ms, overtime_ms, running };
}

function isClock(clock: unknown): clock is ToldClock & { server_time?: string } {
  const { remaining_ms, overtime_ms, running } = (clock ?? {}) as ToldClock;
  return typeof remaining_ms === 'number' && typeof overtime_ms === 'number' && typeof running === 'boolean';
}

function isTurn(turn: unknown): turn is { id: string; paused_by: string[] } {
  const { id, paused_by } = (turn ?? {}) as { id: unknown; paused_by: unknown };
  return typeof id === 'string' && Array.isArray(paused_by);
}

const isPendingOn = (turn_id: string) => (objection: JsonObject) =>
  objection.turn_id === turn_id && objection.state === 'pending';
