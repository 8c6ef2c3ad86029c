/**
 * A recording is named after the fact: the clerk's archive, another camera. It stands on the assignment's stream, so
 * that the chain of a completed session never grows, and it is never changed or taken back.
 */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id, line } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { assignmentStream, theAssignment } from '../assignments/assignment.ts';
import { refuseOutsider } from '../assignments/refuseStranger.ts';
import { reject } from '../problems.ts';
import { OFFICIALS } from '../roles.ts';
import { theSession } from '../sessions/session.ts';
import { recordingAnswer } from './recording.ts';
import { recordingAddress } from './recordingUrl.ts';

const MAX_URL = 2_048;
const MAX_RECORDINGS = 100;

export const assignmentRecordingAdded = defineEvent({
  stream: assignmentStream,
  type: 'ASSIGNMENT_RECORDING_ADDED',
  payload: z.strictObject({ recording_id: id, session_id: id, url: z.string(), title: z.string().nullable() }),
  evolve: (assignment, { at, actor, payload: { recording_id, ...facts } }) => ({
    ...assignment!,
    recordings: [...assignment!.recordings, { id: recording_id, ...facts, added_by: actor, added_at: at }],
  }),
  project(_, assignment) {
    const { id: recording_id, ...columns } = assignment!.recordings.at(-1)!;
    return [insert('session_recordings', { id: recording_id }, { assignment_id: assignment!.id, ...columns })];
  },
  erased: (payload) => ({ ...payload, title: null }),
});

const body = z.strictObject({ url: recordingAddress(MAX_URL), title: line.optional() });

export const addRecording = defineCommand({
  name: 'recording.add',
  route: 'POST /api/session/:session_id/recording',
  summary: 'Name a recording of the session, also after its end',
  who: OFFICIALS,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  feature: 'FEATURE_SESSION_RECORDING',
  body,
  decide({ session, assignment }, { id: recording_id, input, actor }) {
    const outsider = refuseOutsider(assignment, actor);
    if (outsider) return outsider;
    if (session.status === 'pending') return reject('session_not_active', 'The session has not begun.');
    const { session_id, url, title = null } = input;
    const { recordings } = assignment;
    if (recordings.some((one) => one.url === url) || session.recording_url === url) {
      return reject('recording_exists', 'This recording is listed already.');
    }
    if (recordings.length >= MAX_RECORDINGS) {
      return reject('recording_limit', `A session has at most ${MAX_RECORDINGS} recordings.`, {
        limit: MAX_RECORDINGS,
      });
    }
    return [assignmentRecordingAdded({ recording_id, session_id, url, title })];
  },
  resource: recordingAnswer,
  result: ({ states }) => ({ ...states.assignment.recordings.at(-1)! }),
  records: [assignmentRecordingAdded],
  rejects: ['not_on_panel', 'session_not_active', 'recording_exists', 'recording_limit'],
});
