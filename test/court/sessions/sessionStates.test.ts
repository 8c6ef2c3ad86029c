/** The session's state machine, whole: every state with every command that could change it. */
import { describe, expect, test } from 'vitest';
import { completeSession, sessionCompleted } from '../../../src/court/sessions/completeSession.ts';
import { createSession, sessionCreated } from '../../../src/court/sessions/createSession.ts';
import { pauseSession, sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { resumeSession, sessionResumed } from '../../../src/court/sessions/resumeSession.ts';
import type { SessionStatus } from '../../../src/court/sessions/session.ts';
import { startSession } from '../../../src/court/sessions/startSession.ts';
import { given } from '../../support/given.ts';
import {
  ASSIGNMENT,
  admin,
  INSTITUTION,
  match,
  outsideJudge,
  SESSION,
  START,
  scheduled,
  sessionThatIs,
  started,
} from '../../support/matchFixture.ts';

const STATES = ['pending', 'active', 'paused', 'completed'] as const;
const { title, courtroom, visibility } = match;
const created = { assignment_id: ASSIGNMENT, institution_id: INSTITUTION, title, courtroom, visibility, metadata: {} };

const CHANGES = {
  start: { definition: startSession, from: ['pending'], to: 'active', event: started },
  pause: { definition: pauseSession, from: ['active'], to: 'paused', event: sessionPaused({ reason: null }) },
  resume: { definition: resumeSession, from: ['paused'], to: 'active', event: sessionResumed({}) },
  complete: {
    definition: completeSession,
    from: ['active', 'paused'],
    to: 'completed',
    event: {
      ...sessionCompleted({ event_count: 0, state_digest: '', recording_url: null }),
      payload: expect.objectContaining({ recording_url: null }),
    },
  },
} as const;

const TABLE = STATES.flatMap((state) =>
  Object.keys(CHANGES).map((verb) => ({ state, verb: verb as keyof typeof CHANGES })),
);

describe('of all changes exactly five happen', () => {
  test.each(TABLE)('$verb a session that is $state', ({ state, verb }) => {
    const { definition, from, to, event } = CHANGES[verb];
    const tried = given(...sessionThatIs[state]).when(definition, {}, admin, { id: START });
    if ((from as readonly SessionStatus[]).includes(state)) {
      const verdict = tried.then(event)!;
      expect(verdict.result).toMatchObject({ id: SESSION, status: to });
      expect(verdict.states.session.status).toBe(to);
    } else {
      tried.then('invalid_transition', { from: state, to, status: 409 });
    }
  });
});

describe('a session is made once', () => {
  test('an assignment without a session gets one', () => {
    given(scheduled)
      .when(createSession, { assignment_id: ASSIGNMENT }, admin, { id: SESSION })
      .then(sessionCreated(created));
  });

  test.each(STATES)('an assignment whose session is %s gets none', (state) => {
    given(...sessionThatIs[state])
      .when(createSession, { assignment_id: ASSIGNMENT }, admin, { fact: SESSION })
      .then('session_exists');
  });
});

test.each(TABLE)(
  '$verb by a judge of no panel, while $state: the state is refused before the judge',
  ({ state, verb }) => {
    const { definition, from } = CHANGES[verb];
    given(...sessionThatIs[state])
      .when(definition, {}, outsideJudge)
      .then((from as readonly SessionStatus[]).includes(state) ? 'not_on_panel' : 'invalid_transition');
  },
);
