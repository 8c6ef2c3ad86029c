/** Every mutation there is. What is not in these lists does not exist. */
import { createAssignment } from './assignments/createAssignment.ts';
import { bookOf, type CommandDefinition, type Mutation } from './core/command.ts';
import { expireObservation } from './observers/expireObservation.ts';
import { leaveObservation } from './observers/leaveObservation.ts';
import { observeSession } from './observers/observeSession.ts';
import { expireParticipants } from './participants/expireParticipants.ts';
import { joinSession } from './participants/joinSession.ts';
import { leaveSession } from './participants/leaveSession.ts';
import { completeSession } from './sessions/completeSession.ts';
import { createSession } from './sessions/createSession.ts';
import { lapseSession } from './sessions/lapseSession.ts';
import { logEntry } from './sessions/logEntry.ts';
import { pauseSession } from './sessions/pauseSession.ts';
import { resumeSession } from './sessions/resumeSession.ts';
import { startSession } from './sessions/startSession.ts';

export const commands = [
  createAssignment,
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
] as unknown as readonly CommandDefinition[];

/** What only the system sends: timed jobs that tidy. */
export const systemCommands = [lapseSession, expireParticipants, expireObservation] as unknown as readonly Mutation[];

/** Both lists, indexed by name, with the events and kinds of streams they use. */
export const book = bookOf([...commands, ...systemCommands]);
