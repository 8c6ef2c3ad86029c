/**
 * The types of events whose payload can be erased: custom ones, and those that say what remains of it. A session's own
 * events cannot be: what a court did is not taken back.
 */
import type { EventDefinition, JsonObject } from '../../core/definitions/event.ts';
import { reservedBy } from '../../core/definitions/reserved.ts';
import { assignmentCancelled } from '../assignments/cancelAssignment.ts';
import { assignmentCreated } from '../assignments/createAssignment.ts';
import { assignmentSubstituted, participantReplaced } from '../assignments/substituteAssignment.ts';
import { exhibitCorrected } from '../exhibits/correctExhibit.ts';
import { exhibitRuled, exhibitRuledFor } from '../exhibits/ruleExhibit.ts';
import { exhibitUploaded } from '../exhibits/uploadExhibit.ts';
import { objectionCorrected } from '../objections/correctObjection.ts';
import { objectionRaised } from '../objections/raiseObjection.ts';
import { objectionRuled, objectionRuledFor } from '../objections/ruleObjection.ts';
import { participantLost } from '../participants/expireParticipants.ts';
import { participantJoined } from '../participants/joinSession.ts';
import { assignmentRecordingAdded } from '../recordings/addRecording.ts';
import { reserved } from '../reserved.ts';
import { turnExtendedFor } from '../turns/extendTurn.ts';
import { turnStarted } from '../turns/startTurn.ts';
import { turnVoided } from '../turns/voidTurn.ts';
import { proceduralViolation } from '../violations/recordViolation.ts';

const definitions: readonly EventDefinition[] = [
  ...[assignmentCreated, assignmentSubstituted, assignmentCancelled, assignmentRecordingAdded],
  ...[participantJoined, participantLost, participantReplaced, turnStarted, proceduralViolation],
  ...[objectionRaised, objectionRuled, objectionRuledFor, objectionCorrected],
  ...[exhibitUploaded, exhibitRuled, exhibitRuledFor, exhibitCorrected, turnExtendedFor, turnVoided],
];

const byType = new Map(definitions.map((definition) => [definition.type, definition]));
const { event_types } = reservedBy([reserved]);

export function isErasable(event_type: string): boolean {
  return byType.has(event_type) || !event_types.test(event_type);
}

/** What remains of a payload that can be erased; undefined where nothing does, as of custom events. */
export function remainsOf(event_type: string, payload: JsonObject): JsonObject | undefined {
  return byType.get(event_type)?.erased?.(payload as never) as JsonObject | undefined;
}
