/**
 * What holds of every session whatever its events: forged events that are chained anew still have to obey these. The
 * commands keep them; verification looks whether the record does.
 */
import type { Exhibit } from '../exhibits/exhibit.ts';
import { exhibitFaults } from '../exhibits/exhibitInvariants.ts';
import type { Format } from '../formats/format.ts';
import type { Objection } from '../objections/objection.ts';
import { standingTurns, type Turn } from './turn.ts';

/** What it takes of a session's state, which itself names these invariants. */
interface Court {
  status: string;
  format: Format | null;
  turns: readonly Turn[];
  objections: readonly Objection[];
  exhibits: readonly Exhibit[];
}

/** Texts of what is broken, in order of turns, objections and exhibits; none where all is well. */
export function brokenInvariants(session: Court): string[] {
  const { status, turns, objections, exhibits } = session;
  const active = turns.filter(({ state }) => state === 'active');
  const names = active.map(({ id }) => id).join(', ');
  return [
    ...(active.length > 1 ? [`${active.length} turns are active: ${names}`] : []),
    ...(status === 'completed' && active.length > 0 ? [`the session is completed with an active turn: ${names}`] : []),
    ...turns.flatMap(turnFaults),
    ...placeFaults(standingTurns(turns)),
    ...turns.flatMap(({ id }) => {
      const count = objections.filter((one) => one.turn_id === id && one.state === 'pending').length;
      return count > 1 ? [`turn ${id} has ${count} pending objections`] : [];
    }),
    ...active.flatMap((turn) => holdFaults(turn, session)),
    ...objections.flatMap(objectionFaults),
    ...exhibitFaults(exhibits),
  ];
}

function turnFaults(turn: Turn): string[] {
  const { id, state, started_at, ended_at, speaker_id, used_ms, overtime_ms } = turn;
  const faults: string[] = [];
  const hasBegun = state === 'active' || state === 'ended';
  if (state !== 'voided' && hasBegun !== (started_at !== null && speaker_id !== null)) {
    faults.push(`turn ${id} is ${state} without a start`);
  }
  if ((state === 'ended') !== (ended_at !== null && used_ms !== null && overtime_ms !== null)) {
    faults.push(`turn ${id} is ${state}, which its end does not say`);
  }
  if (started_at !== null && ended_at !== null && ended_at < started_at)
    faults.push(`turn ${id} ends before it starts`);
  if (turn.paused_ms < 0 || (turn.paused_since !== null) !== turn.paused_by.length > 0) {
    faults.push(`turn ${id} has a clock that is neither held nor running`);
  }
  return faults;
}

/** Only what is void shares its place. */
function placeFaults(turns: readonly Turn[]): string[] {
  return turns.flatMap(({ id, order_index }, i) => {
    const isTaken = turns.slice(0, i).some((other) => other.order_index === order_index);
    return isTaken ? [`turn ${id} has place ${order_index}, which another has already`] : [];
  });
}

/** Where the format says so the clock stands while a ruling is awaited, and for no other objection. */
function holdFaults({ id, paused_by }: Turn, { format, objections }: Court): string[] {
  const isAwaited = objections.some(({ turn_id, state }) => turn_id === id && state === 'pending');
  const isToStand = isAwaited && (format?.pauses.objection ?? true);
  if (paused_by.includes('objection') === isToStand) return [];
  return [`turn ${id} ${isToStand ? 'is not held while a' : 'is held for an objection while no'} ruling is awaited`];
}

function objectionFaults({ id, state, ruled_at, ruled_by }: Objection): string[] {
  const isRuled = state === 'sustained' || state === 'overruled';
  return isRuled === (ruled_at !== null && ruled_by !== null) ? [] : [`objection ${id} is ${state} without its ruling`];
}
