/** Of which events people are told: what is said of each, and whether to those who follow or to those whom it concerns. Pure. */

import { idOf, kindOf } from '../../src/core/definitions/stream.ts';
import { assignmentStream } from '../../src/court/assignments/assignment.ts';
import { assignmentSubstituted } from '../../src/court/assignments/substituteAssignment.ts';
import { assignmentUpdated } from '../../src/court/assignments/updateAssignment.ts';
import { objectionRuled, objectionRuledFor } from '../../src/court/objections/ruleObjection.ts';
import { sessionCompleted } from '../../src/court/sessions/completeSession.ts';
import { sessionStarted } from '../../src/court/sessions/startSession.ts';
import type { Flag } from '../../src/notices/notice.ts';

/** An event as it was announced, or as it is read again. */
export interface TellingEvent {
  stream: string;
  event_id: string;
  event_type: string;
  occurred_at: string;
  /** Null where it is erased. */
  payload: { [field: string]: unknown } | null;
}

export interface Telling {
  event_id: string;
  occurred_at: string;
  kind: Flag;
  /** Of the stream's match, or of its session. */
  of: { assignment_id: string } | { session_id: string };
  /** Everybody of the roster, and these people who were on it; null: those who follow. */
  concerned: string[] | null;
  say(match: { title: string; courtroom: string }): string;
}

export const TOLD_OF: readonly string[] = [
  ...[sessionStarted, sessionCompleted, objectionRuled, objectionRuledFor, assignmentUpdated, assignmentSubstituted],
].map(({ type }) => type);

type Said = Pick<Telling, 'kind' | 'concerned' | 'say'>;

/** @returns undefined where nobody is told */
export function tellingOf({ stream, event_id, event_type, occurred_at, payload }: TellingEvent): Telling | undefined {
  const said = TOLD_OF.includes(event_type) ? saidOf(event_type, payload ?? {}) : undefined;
  if (!said) return undefined;
  const of = kindOf(stream) === assignmentStream.kind ? { assignment_id: idOf(stream) } : { session_id: idOf(stream) };
  return { event_id, occurred_at, of, ...said };
}

function saidOf(event_type: string, payload: { [field: string]: unknown }): Said | undefined {
  const followed = (kind: Flag, say: Said['say']) => ({ kind, concerned: null, say });
  if (event_type === sessionStarted.type) {
    return followed('start', ({ title, courtroom }) => `${title} has begun in ${courtroom}.`);
  }
  if (event_type === sessionCompleted.type) return followed('result', ({ title }) => `${title} is completed.`);
  if (event_type === assignmentUpdated.type) return movedTo(payload.courtroom);
  if (event_type === assignmentSubstituted.type) return replacedJudge(payload);
  // That a ruling is put off is none.
  if (payload.decision === 'reserved') return undefined;
  return followed('ruling', ({ title }) => `An objection was ruled on in ${title}: ${String(payload.decision)}.`);
}

function movedTo(courtroom: unknown): Said | undefined {
  if (courtroom === undefined) return undefined;
  return { kind: 'room', concerned: [], say: ({ title }) => `${title} has moved to ${String(courtroom)}.` };
}

/** Without names, which may be erased. */
function replacedJudge({ role, user_id }: { [field: string]: unknown }): Said | undefined {
  if (role !== 'judge') return undefined;
  const say: Said['say'] = ({ title, courtroom }) => `A judge of ${title} in ${courtroom} was replaced.`;
  return { kind: 'room', concerned: [String(user_id)], say };
}
