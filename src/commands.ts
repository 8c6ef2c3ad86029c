/** Every mutation there is. What is not in this list does not exist. */
import { createAssignment } from './assignments/createAssignment.ts';
import { bookOf, type CommandDefinition } from './core/command.ts';
import { leaveObservation } from './observers/leaveObservation.ts';
import { observeSession } from './observers/observeSession.ts';
import { joinSession } from './participants/joinSession.ts';
import { leaveSession } from './participants/leaveSession.ts';
import { completeSession } from './sessions/completeSession.ts';
import { createSession } from './sessions/createSession.ts';
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

/** The same, indexed by name, with the events and kinds of streams they use. */
export const book = bookOf(commands);
