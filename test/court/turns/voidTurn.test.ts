/** A turn that was started by mistake is void: it does not count, and a new one stands in its place. */
import { expect, test } from 'vitest';
import { eventId } from '../../../src/core/chain/ids.ts';
import type { NewEvent } from '../../../src/core/definitions/event.ts';
import { TEMPLATES } from '../../../src/court/formats/templates.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { endTurn, turnEnded } from '../../../src/court/turns/endTurn.ts';
import { turnExtended } from '../../../src/court/turns/extendTurn.ts';
import { planTurn, turnPlanned } from '../../../src/court/turns/planTurn.ts';
import { reserveRebuttal, turnRebuttalReserved } from '../../../src/court/turns/reserveRebuttal.ts';
import { startTurn, turnStarted } from '../../../src/court/turns/startTurn.ts';
import type { PlannedTurn, Turn } from '../../../src/court/turns/turn.ts';
import { brokenInvariants } from '../../../src/court/turns/turnInvariants.ts';
import { turnVoided, voidTurn } from '../../../src/court/turns/voidTurn.ts';
import { turnRebuttalWaived } from '../../../src/court/turns/waiveRebuttal.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  outsideJudge,
  petitioner,
  presiding,
  SESSION,
  sessionThatIs,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';
import { MINUTE, objecting, round, running, speaking } from '../../support/roundEvents.ts';

const ANEW = '018f3c1e-7b2a-7c11-9d0e-0000000f2000';
const REST = '018f3c1e-7b2a-7c11-9d0e-0000000f3000';
const reason = 'The respondent was called first.';
const body = { turn_id: turnId(1), reason };
const [argument] = TEMPLATES.get('moot-20')!.segments;

/** The n-th turn of the petitioner as the format plans it, under another id. */
const anew = (n: number, id = ANEW): PlannedTurn => ({ ...argument!, id, order_index: n, continues: null });
const voided = (n = 1): NewEvent => turnVoided({ turn_id: turnId(n), reason, turn: anew(n), rest_id: null });
const ended = (n = 1, used_ms = MINUTE): NewEvent => turnEnded({ turn_id: turnId(n), used_ms, overtime_ms: 0 });
const speech = given(...round('moot-20', speaking(1)));
const id = ANEW;

test('one that is under way stops, counts for nothing, and stands anew in its place', () => {
  const { states, result } = speech.when(voidTurn, body, bailiff, { id }).then(voided())!;
  const [first, second] = states.session.turns as Turn[];
  expect(first).toMatchObject({ state: 'voided', speaker_id: petitioner.id, ended_at: NOW, used_ms: null });
  expect(second).toMatchObject({ id: ANEW, state: 'planned', order_index: 1, allotted_ms: 10 * MINUTE });
  expect(states.session.turns.map(({ order_index }: Turn) => order_index)).toEqual([1, 1, 2, 3, 4, 5]);
  expect(result).toMatchObject({ id: turnId(1), state: 'voided', clock: null, replacement: { id: ANEW, clock: null } });
  expect(brokenInvariants(states.session)).toEqual([]);
});

test('what was said of it is kept beside: why, by whom, and what it was', () => {
  const { states } = given(...round('moot-20', speaking(1), ended()))
    .when(voidTurn, body, presiding, { id })
    .then(voided())!;
  expect(states.session.corrections).toEqual([
    {
      ...{
        id: eventId(ANEW, 1),
        subject: 'turn',
        subject_id: turnId(1),
        former_state: 'ended',
        state: 'voided',
        reason,
      },
      ...{ former_ruling: null, former_ruled_by: null, former_ruled_at: null, ruling: null },
      ...{ replaced_by: ANEW, corrected_by: presiding.id, corrected_at: NOW },
    },
  ]);
});

test('it is spoken again, with all of its time, and ends as every other', () => {
  const again = turnStarted({
    turn_id: ANEW,
    speaker_id: petitioner.id,
    speaker_name: 'Ada Petrova',
    clock: running(0),
  });
  const speaker_id = petitioner.id;
  given(...round('moot-20', speaking(1), voided()))
    .when(startTurn, { turn_id: ANEW, speaker_id }, presiding)
    .then(turnStarted({ turn_id: ANEW, speaker_id, speaker_name: 'Ada Petrova', clock: running(10 * MINUTE) }));
  given(...round('moot-20', speaking(1), voided(), again))
    .when(endTurn, { turn_id: ANEW }, presiding)
    .then(turnEnded({ turn_id: ANEW, used_ms: MINUTE, overtime_ms: 0 }));
});

test('extensions go with it', () => {
  const more = turnExtended({ turn_id: turnId(1), extension_ms: MINUTE, clock: running(0) });
  const { states } = given(...round('moot-20', speaking(1), more))
    .when(voidTurn, body, admin, { id })
    .then(voided())!;
  expect(states.session.turns[1]).toMatchObject({ extension_ms: 0, allotted_ms: 10 * MINUTE });
});

test('its time goes back to its side: the rebuttal is carved out of it again, and what is planned comes last', () => {
  const rebuttal = { turn_id: turnId(5), reserved_ms: MINUTE };
  const begun = given(...round('moot-20', speaking(1), ended()));
  begun.when(reserveRebuttal, rebuttal, bailiff).then('rebuttal_fixed');
  const back = given(...round('moot-20', speaking(1), ended(), voided()));
  back.when(reserveRebuttal, rebuttal, bailiff).then(
    turnRebuttalReserved({
      ...rebuttal,
      allotted: [
        { turn_id: turnId(2), allotted_ms: 9 * MINUTE },
        { turn_id: turnId(5), allotted_ms: MINUTE },
      ],
    }),
  );
  const extra = { side: 'petitioner', kind: 'examination', allotted_ms: 1 } as const;
  back.when(planTurn, extra, bailiff).then('time_not_available', { left_ms: 0 });
  const other = given(...round('amta', speaking(1), turnVoided({ ...body, turn: anew(1), rest_id: null })));
  const turn = { ...extra, id: REST, order_index: 10, min_ms: 0, protected_ms: 0, objections: false, continues: null };
  other.when(planTurn, extra, bailiff, { id: REST }).then(turnPlanned({ turn }));
});

test('a rest that was planned goes with it; one that has begun is voided first', () => {
  const rest = { ...anew(6, REST), allotted_ms: 9 * MINUTE, min_ms: 0, continues: turnId(1) };
  const split = round('moot-20', speaking(1), ended(), turnPlanned({ turn: rest }));
  const gone = turnVoided({ ...body, turn: anew(1), rest_id: REST });
  const { states } = given(...split)
    .when(voidTurn, body, presiding, { id })
    .then(gone)!;
  expect(states.session.turns.map(({ state }: Turn) => state)).toEqual([
    ...['voided', 'planned', 'planned', 'planned', 'planned', 'planned', 'voided'],
  ]);
  expect(brokenInvariants(states.session)).toEqual([]);

  const speaker = { speaker_id: petitioner.id, speaker_name: 'Ada Petrova', clock: running(0) };
  const goingOn = given(...split, turnStarted({ turn_id: REST, ...speaker }));
  goingOn.when(voidTurn, body, presiding).then('turn_continued', { turn_id: REST });
  goingOn
    .when(voidTurn, { ...body, turn_id: REST }, presiding, { id })
    .then(turnVoided({ turn_id: REST, reason, turn: { ...rest, id: ANEW }, rest_id: null }));
});

test('a rebuttal that was waived by mistake stands again', () => {
  const reserved = { turn_id: turnId(5), allotted_ms: MINUTE };
  const waived = [
    turnRebuttalReserved({ turn_id: turnId(5), reserved_ms: MINUTE, allotted: [reserved] }),
    turnRebuttalWaived({ turn_id: turnId(5) }),
  ];
  const turn = {
    ...TEMPLATES.get('moot-20')!.segments[4]!,
    id: ANEW,
    order_index: 5,
    allotted_ms: MINUTE,
    continues: null,
  };
  given(...round('moot-20', ...waived))
    .when(voidTurn, { turn_id: turnId(5), reason }, bailiff, { id })
    .then(turnVoided({ turn_id: turnId(5), reason, turn, rest_id: null }));
});

test('it is voided in a recess too, and an open question ends with it', () => {
  const { states } = given(...round('moot-20', speaking(1), sessionPaused({ reason: null })))
    .when(voidTurn, body, presiding, { id })
    .then(voided())!;
  expect(states.session.turns[0]).toMatchObject({ paused_by: [], paused_since: null, question_since: null });
});

test('what has not begun, and what is void, is not voided', () => {
  given(...round('moot-20'))
    .when(voidTurn, body, presiding)
    .then('turn_planned');
  given(...round('moot-20', speaking(1), voided()))
    .when(voidTurn, body, presiding)
    .then('turn_voided');
  speech.when(voidTurn, { turn_id: SESSION, reason }, presiding).then('not_found');
});

test('one under way waits for the ruling on a pending objection', () => {
  given(...round('moot-20', speaking(1), objecting(1)))
    .when(voidTurn, body, presiding)
    .then('objection_pending');
});

test('a reason is asked for', () => {
  expect(voidTurn.body.safeParse({ turn_id: turnId(1) }).success).toBe(false);
  expect(voidTurn.body.safeParse({ turn_id: turnId(1), reason: '' }).success).toBe(false);
});

test('in a session that has not begun, or is completed, nothing is voided', () => {
  given(...sessionThatIs.pending)
    .when(voidTurn, body, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(voidTurn, body, presiding)
    .then('session_completed');
});

test('of the panel the presiding judge alone voids it, and no stranger', () => {
  speech.when(voidTurn, body, judge).then('not_presiding');
  speech.when(voidTurn, body, outsideJudge).then('not_on_panel');
  speech.when(voidTurn, body, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  expect(voidTurn.roles).not.toContain('participant');
});
