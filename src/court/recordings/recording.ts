/** A recording of a session that is named beside the session's own. */
import { z } from 'zod';
import { actor, at, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { EXAMPLE } from '../exampleValues.ts';

export const recordingAnswer = named(
  'Recording',
  z.strictObject({ id: uuid, session_id: uuid, url: text, title: text.nullable(), added_by: actor, added_at: at }),
  {
    ...{
      id: EXAMPLE.event_id,
      session_id: EXAMPLE.session_id,
      url: 'https://recordings.example/r/1',
      title: 'Camera 2',
    },
    ...{ added_by: EXAMPLE.judge.user_id, added_at: EXAMPLE.now },
  },
);
export const recordingList = listOf('RecordingList', recordingAnswer);
export type Recording = z.output<typeof recordingAnswer>;

/** On the assignment's stream, and so not frozen with the session; never changed either. */
export const recordings = defineTable({
  name: 'session_recordings',
  stream: 'assignment',
  owner: 'assignment_id',
  primary_key: ['id'],
  append_only: true,
  loses_texts: true,
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});
