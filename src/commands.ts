/** Every mutation there is. What is not in these lists does not exist. */

import { bookOf, type CommandDefinition, type Mutation } from './core/definitions/command.ts';
import { cancelAssignment } from './court/assignments/cancelAssignment.ts';
import { createAssignment } from './court/assignments/createAssignment.ts';
import { substituteAssignment } from './court/assignments/substituteAssignment.ts';
import { markExhibit } from './court/exhibits/markExhibit.ts';
import { ruleExhibit } from './court/exhibits/ruleExhibit.ts';
import { tenderExhibit } from './court/exhibits/tenderExhibit.ts';
import { uploadExhibit } from './court/exhibits/uploadExhibit.ts';
import { withdrawExhibit } from './court/exhibits/withdrawExhibit.ts';
import { raiseObjection } from './court/objections/raiseObjection.ts';
import { ruleObjection } from './court/objections/ruleObjection.ts';
import { withdrawObjection } from './court/objections/withdrawObjection.ts';
import { expireObservation } from './court/observers/expireObservation.ts';
import { leaveObservation } from './court/observers/leaveObservation.ts';
import { observeSession } from './court/observers/observeSession.ts';
import { awaitParticipant } from './court/participants/awaitParticipant.ts';
import { expireParticipants } from './court/participants/expireParticipants.ts';
import { joinSession } from './court/participants/joinSession.ts';
import { leaveSession } from './court/participants/leaveSession.ts';
import { loseParticipant } from './court/participants/loseParticipant.ts';
import { reconnectParticipant } from './court/participants/reconnectParticipant.ts';
import { addRecording } from './court/recordings/addRecording.ts';
import { completeSession } from './court/sessions/completeSession.ts';
import { createSession } from './court/sessions/createSession.ts';
import { lapseSession } from './court/sessions/lapseSession.ts';
import { logEntry } from './court/sessions/logEntry.ts';
import { pauseSession } from './court/sessions/pauseSession.ts';
import { resumeSession } from './court/sessions/resumeSession.ts';
import { startSession } from './court/sessions/startSession.ts';
import { endTurn } from './court/turns/endTurn.ts';
import { expireTurn } from './court/turns/expireTurn.ts';
import { extendTurn } from './court/turns/extendTurn.ts';
import { markQuestion } from './court/turns/markQuestion.ts';
import { planTurn } from './court/turns/planTurn.ts';
import { reserveRebuttal } from './court/turns/reserveRebuttal.ts';
import { returnTurn } from './court/turns/returnTurn.ts';
import { startTurn } from './court/turns/startTurn.ts';
import { takeOverTurn } from './court/turns/takeOverTurn.ts';
import { waiveRebuttal } from './court/turns/waiveRebuttal.ts';
import { recordViolation } from './court/violations/recordViolation.ts';

export const commands = [
  createAssignment,
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
  raiseObjection,
  withdrawObjection,
  ruleObjection,
  recordViolation,
  uploadExhibit,
  markExhibit,
  tenderExhibit,
  ruleExhibit,
  withdrawExhibit,
  addRecording,
] as unknown as readonly CommandDefinition[];

/** What only the system sends: timed jobs that tidy. */
export const systemCommands = [
  lapseSession,
  expireParticipants,
  awaitParticipant,
  loseParticipant,
  reconnectParticipant,
  expireObservation,
  expireTurn,
] as unknown as readonly Mutation[];

/** Both lists, indexed by name, with the events and kinds of streams they use. */
export const book = bookOf([...commands, ...systemCommands]);
