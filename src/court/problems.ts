/** Every code of the court's nouns, and the `reject` that takes these and the machine's own: another does not compile. */
import { joinProblems, rejectWith } from '../core/definitions/problem.ts';
import { assignmentProblems } from './assignments/assignmentProblems.ts';
import { erasureProblems } from './erasures/erasureProblems.ts';
import { exhibitProblems } from './exhibits/exhibitProblems.ts';
import { objectionProblems } from './objections/objectionProblems.ts';
import { participantProblems } from './participants/participantProblems.ts';
import { recordingProblems } from './recordings/recordingProblems.ts';
import { sessionProblems } from './sessions/sessionProblems.ts';
import { turnProblems } from './turns/turnProblems.ts';

export const courtProblems = joinProblems(
  assignmentProblems,
  sessionProblems,
  participantProblems,
  recordingProblems,
  turnProblems,
  objectionProblems,
  exhibitProblems,
  erasureProblems,
);

export const reject = rejectWith(courtProblems);
