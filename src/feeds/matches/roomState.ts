/** What boards show of one of our own rooms: its phase, who has the floor, and how late it is. Pure. */
import type { SessionStatus } from '../../court/sessions/session.ts';
import { budgetMs, deadlineOf, spokenMs, type Timed } from '../../court/turns/clock.ts';
import type { ShownState } from './match.ts';
import { phaseOfRoom } from './phases.ts';

export interface RoomTurn extends Timed {
  side: 'petitioner' | 'respondent';
  kind: string;
  state: string;
  speaker_name: string | null;
}

export interface Room {
  title: string;
  courtroom: string;
  scheduled_at: string;
  cancelled_at: string | null;
  status: SessionStatus | null;
  turns: readonly RoomTurn[];
  awaits_result: boolean;
}

export function stateOfRoom(room: Room, now: string): ShownState {
  const { title, courtroom, scheduled_at, awaits_result } = room;
  const phase = phaseOfRoom(room);
  const speaking = room.status === 'active' ? room.turns.find(({ state }) => state === 'active') : undefined;
  return {
    ...{ phase, score: null, title, petitioner: null, respondent: null, courtroom, scheduled_at },
    speaker: speaking
      ? {
          name: speaking.speaker_name,
          side: speaking.side,
          kind: speaking.kind,
          deadline: deadlineOf(speaking),
        }
      : null,
    behind_minutes: behindMinutes(room, now),
    awaits_result: phase === 'scoring' && awaits_result,
  };
}

/**
 * By how much its end is expected after the end that it was planned with. Before it starts that is how long its time is over;
 * while a clock runs within its time it stays as it is.
 */
export function behindMinutes({ scheduled_at, cancelled_at, status, turns }: Room, now: string): number {
  if (status === 'completed' || cancelled_at !== null) return 0;
  const counted = turns.filter(({ state }) => state !== 'voided');
  const planned_ms = counted.reduce((sum, { allotted_ms }) => sum + allotted_ms, 0);
  const left_ms = counted.reduce((sum, turn) => sum + leftMs(turn, now), 0);
  const late_ms = Date.parse(now) + left_ms - (Date.parse(scheduled_at) + planned_ms);
  return Math.max(0, Math.floor(late_ms / 60_000));
}

function leftMs(turn: RoomTurn, now: string): number {
  if (turn.state === 'planned') return turn.allotted_ms + turn.extension_ms;
  return turn.state === 'active' ? Math.max(0, budgetMs(turn) - spokenMs(turn, now)) : 0;
}
