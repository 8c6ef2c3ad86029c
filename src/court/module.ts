/** The court: matches, their sessions, and all that happens in them. What is not in these lists does not exist. */
import { defineModule } from '../core/definitions/module.ts';
import { assignments, rosters } from './assignments/assignment.ts';
import { cancelAssignment } from './assignments/cancelAssignment.ts';
import { createAssignment } from './assignments/createAssignment.ts';
import { readAssignment, readAssignments } from './assignments/readAssignments.ts';
import { substituteAssignment } from './assignments/substituteAssignment.ts';
import { updateAssignment } from './assignments/updateAssignment.ts';
import { corrections } from './corrections/correction.ts';
import { readCorrections } from './corrections/readCorrections.ts';
import { erasePayload } from './erasures/erasePayload.ts';
import { erasures } from './erasures/erasure.ts';
import { correctExhibit } from './exhibits/correctExhibit.ts';
import { downloadExhibit } from './exhibits/downloadExhibit.ts';
import { exhibits } from './exhibits/exhibit.ts';
import { markExhibit } from './exhibits/markExhibit.ts';
import { readExhibit, readExhibits } from './exhibits/readExhibits.ts';
import { ruleExhibit } from './exhibits/ruleExhibit.ts';
import { tenderExhibit } from './exhibits/tenderExhibit.ts';
import { uploadExhibit } from './exhibits/uploadExhibit.ts';
import { verifyExhibit } from './exhibits/verifyExhibit.ts';
import { withdrawExhibit } from './exhibits/withdrawExhibit.ts';
import { correctObjection } from './objections/correctObjection.ts';
import { objections } from './objections/objection.ts';
import { raiseObjection } from './objections/raiseObjection.ts';
import { readObjections } from './objections/readObjections.ts';
import { ruleObjection } from './objections/ruleObjection.ts';
import { withdrawObjection } from './objections/withdrawObjection.ts';
import { expireObservation } from './observers/expireObservation.ts';
import { leaveObservation } from './observers/leaveObservation.ts';
import { observations, observersStream } from './observers/observation.ts';
import { observeSession } from './observers/observeSession.ts';
import { awaitParticipant } from './participants/awaitParticipant.ts';
import { expireParticipants } from './participants/expireParticipants.ts';
import { joinSession } from './participants/joinSession.ts';
import { leaveSession } from './participants/leaveSession.ts';
import { loseParticipant } from './participants/loseParticipant.ts';
import { participants } from './participants/participant.ts';
import { readAttendanceReport } from './participants/readAttendance.ts';
import { readParticipants } from './participants/readParticipants.ts';
import { reconnectParticipant } from './participants/reconnectParticipant.ts';
import { courtProblems } from './problems.ts';
import { addRecording } from './recordings/addRecording.ts';
import { readRecordings } from './recordings/readRecordings.ts';
import { recordings } from './recordings/recording.ts';
import { reserved } from './reserved.ts';
import { completeSession } from './sessions/completeSession.ts';
import { createSession } from './sessions/createSession.ts';
import { lapseSession } from './sessions/lapseSession.ts';
import { logEntry } from './sessions/logEntry.ts';
import { pauseSession } from './sessions/pauseSession.ts';
import { readLog, readReplay } from './sessions/readLog.ts';
import { readActiveSessions, readSession, readSessions } from './sessions/readSession.ts';
import { resumeSession } from './sessions/resumeSession.ts';
import { sessions } from './sessions/session.ts';
import { startSession } from './sessions/startSession.ts';
import { endTurn } from './turns/endTurn.ts';
import { expireTurn } from './turns/expireTurn.ts';
import { extendTurn } from './turns/extendTurn.ts';
import { markQuestion } from './turns/markQuestion.ts';
import { planTurn } from './turns/planTurn.ts';
import { readTurns } from './turns/readTurns.ts';
import { reserveRebuttal } from './turns/reserveRebuttal.ts';
import { returnTurn } from './turns/returnTurn.ts';
import { startTurn } from './turns/startTurn.ts';
import { takeOverTurn } from './turns/takeOverTurn.ts';
import { turns } from './turns/turn.ts';
import { voidTurn } from './turns/voidTurn.ts';
import { waiveRebuttal } from './turns/waiveRebuttal.ts';
import { readViolations } from './violations/readViolations.ts';
import { recordViolation } from './violations/recordViolation.ts';
import { violations } from './violations/violation.ts';

export const court = defineModule({
  name: 'court',
  problems: courtProblems,
  reserved,
  private_names: ['speaker', 'cancel_reason'],
  commands: [
    createAssignment,
    updateAssignment,
    substituteAssignment,
    cancelAssignment,
    createSession,
    startSession,
    pauseSession,
    resumeSession,
    completeSession,
    joinSession,
    leaveSession,
    observeSession,
    leaveObservation,
    logEntry,
    planTurn,
    startTurn,
    endTurn,
    extendTurn,
    reserveRebuttal,
    waiveRebuttal,
    markQuestion,
    takeOverTurn,
    returnTurn,
    voidTurn,
    raiseObjection,
    withdrawObjection,
    ruleObjection,
    correctObjection,
    recordViolation,
    uploadExhibit,
    markExhibit,
    tenderExhibit,
    ruleExhibit,
    correctExhibit,
    withdrawExhibit,
    addRecording,
    erasePayload,
  ],
  /** What only the system sends: timed jobs that tidy. */
  systemCommands: [
    lapseSession,
    expireParticipants,
    awaitParticipant,
    loseParticipant,
    reconnectParticipant,
    expireObservation,
    expireTurn,
  ],
  kinds: [observersStream],
  tables: [
    assignments,
    rosters,
    recordings,
    erasures,
    sessions,
    participants,
    observations,
    turns,
    objections,
    violations,
    exhibits,
    corrections,
  ],
  queries: [
    readAssignments,
    readAssignment,
    readActiveSessions,
    readSessions,
    readSession,
    readParticipants,
    readAttendanceReport,
    readTurns,
    readObjections,
    readViolations,
    readExhibits,
    readExhibit,
    downloadExhibit,
    verifyExhibit,
    readCorrections,
    readRecordings,
    readLog,
    readReplay,
  ],
});
