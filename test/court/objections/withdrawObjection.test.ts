/** An objection is taken back by who raised it, before it is ruled. */
import { expect, test } from 'vitest';
import type { Actor } from '../../../src/core/definitions/actor.ts';
import { objectionRuled } from '../../../src/court/objections/ruleObjection.ts';
import { objectionWithdrawn, withdrawObjection } from '../../../src/court/objections/withdrawObjection.ts';
import { given, NOW } from '../../support/given.ts';
import { respondent, sessionThatIs, superAdmin } from '../../support/matchFixture.ts';
import { MINUTE, OBJECTION, objecting, round, running, speaking, standing } from '../../support/roundEvents.ts';

/** Events of the past are the system's own. */
const raiser: Actor = { ...superAdmin, id: 'system' };
const body = { objection_id: OBJECTION };
const pending = round('mock-trial-tba', speaking(3), objecting(3));
const ruled = (decision: 'sustained' | 'reserved') =>
  objectionRuled({ objection_id: OBJECTION, decision, ruling: null, clock: null });

test('the clock goes on', () => {
  const { states, result } = given(...pending)
    .when(withdrawObjection, body, raiser)
    .then(objectionWithdrawn({ ...body, clock: running(19 * MINUTE) }))!;
  expect(result).toMatchObject({ state: 'withdrawn', withdrawn_at: NOW });
  expect(states.session.turns[2]).toMatchObject({ paused_by: [], paused_ms: MINUTE });
});

test('also while the ruling is reserved, but not after it', () => {
  given(...pending, ruled('reserved'))
    .when(withdrawObjection, body, raiser)
    .then(objectionWithdrawn({ ...body, clock: running(18 * MINUTE) }));
  given(...pending, ruled('sustained'))
    .when(withdrawObjection, body, raiser)
    .then('objection_decided', { from: 'sustained' });
});

test('taken back while its ruling is reserved it leaves the clock to the objection that waits', () => {
  const SECOND = '018f3c1e-7b2a-7c11-9d0e-0000000f0001';
  const { states } = given(...pending, ruled('reserved'), objecting(3, 'hearsay', SECOND))
    .when(withdrawObjection, body, raiser)
    .then(objectionWithdrawn({ ...body, clock: standing(18 * MINUTE) }))!;
  expect(states.session.turns[2]).toMatchObject({ paused_by: ['objection'], paused_ms: MINUTE });
});

test('nobody else takes it back', () => {
  given(...pending)
    .when(withdrawObjection, body, respondent)
    .then('not_raiser', { status: 403 });
});

test('refused as every command of the court', () => {
  given(...pending)
    .when(withdrawObjection, { objection_id: superAdmin.id }, raiser)
    .then('not_found');
  given(...sessionThatIs.pending)
    .when(withdrawObjection, body, raiser)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(withdrawObjection, body, raiser)
    .then('session_completed');
});
