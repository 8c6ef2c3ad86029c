/** A spectator is admitted with a ticket, and the record does not notice. */
import { expect, test } from 'vitest';
import { observeSession } from '../../../src/court/observers/observeSession.ts';
import { given, NOW } from '../../support/given.ts';
import { SESSION, sessionThatIs, student } from '../../support/matchFixture.ts';

const id = '018f3c1e-7b2a-7c11-9d0e-0000000f0000';
const IN_15_MINUTES = '2026-11-21T12:15:00.000Z';
const nobody = { id: `observer:${id}`, role: 'observer', institution_id: null } as const;

test.each(['pending', 'active', 'paused', 'completed'] as const)(
  'a session that is %s may be looked at, which records no event and moves no head',
  (status) => {
    const verdict = given(...sessionThatIs[status])
      .when(observeSession, {}, student, { id })
      .then()!;
    expect(verdict.result).toEqual({ id, expires_at: IN_15_MINUTES });
    const row = { session_id: SESSION, user_id: student.id, observed_at: NOW, client_info: null };
    expect(verdict.writes).toEqual([{ table: 'session_observations', key: { id }, set: row, insert: true }]);
  },
);

test('somebody without a token is written down without a user', () => {
  const { writes } = given(...sessionThatIs.active)
    .when(observeSession, { client_info: { agent: 'screen' } }, nobody, { id })
    .then()!;
  expect(writes).toMatchObject([{ set: { user_id: null, client_info: { agent: 'screen' } } }]);
});

test('the ticket is made for the answer, for this session and this spectator, and never stored', () => {
  const asked: object[] = [];
  const command = { id, input: { session_id: SESSION }, actor: nobody };
  const issue = (ticket: object) => {
    asked.push(ticket);
    return 'signed';
  };
  const answer = observeSession.answer!({ id, expires_at: IN_15_MINUTES }, command, issue, () => null);
  const ticket = { id, holder: nobody, stream: `session:${SESSION}`, issued_at: NOW, expires_at: IN_15_MINUTES };
  expect(asked).toEqual([ticket]);
  expect(answer).toEqual({ id, ticket: 'signed', expires_at: IN_15_MINUTES });
});
