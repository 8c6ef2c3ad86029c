/** A turn, and its clock, as every answer shows them. */
import { z } from 'zod';
import { at, count, named, text, uuid } from '../../core/definitions/answers.ts';
import type { Head } from '../../core/definitions/stream.ts';
import { EXAMPLE } from '../exampleValues.ts';
import type { Format } from '../formats/format.ts';
import { clock, clockAt, PAUSE_REASONS } from './clock.ts';
import { plannedTurn, TURN_STATES, type Turn, turnOfPayload } from './turn.ts';

const EXAMPLE_TURN = {
  ...{ id: EXAMPLE.turn_id, order_index: 1, side: 'petitioner', kind: 'argument', allotted_ms: 600_000 },
  ...{ min_ms: 420_000, protected_ms: 0, objections: true, continues: null, state: 'active' },
  ...{ speaker: EXAMPLE.petitioner, started_at: EXAMPLE.started_at, extension_ms: 0, paused_ms: 0, paused_since: null },
  ...{ paused_by: [], expired_at: null, questions: 0, question_since: null, ended_at: null },
  ...{ used_ms: null, overtime_ms: null },
} satisfies z.output<typeof turnSchema>;

const turnSchema = plannedTurn.extend({
  state: z.enum(TURN_STATES),
  speaker: z.strictObject({ user_id: uuid, name: text }).nullable(),
  started_at: at.nullable(),
  extension_ms: count,
  paused_ms: count,
  paused_since: at.nullable(),
  paused_by: z.array(z.enum(PAUSE_REASONS)),
  expired_at: at.nullable(),
  questions: count,
  question_since: at.nullable(),
  ended_at: at.nullable(),
  used_ms: count.nullable(),
  overtime_ms: count.nullable(),
});
export const turnAnswer = named('Turn', turnSchema, EXAMPLE_TURN);

/** Of the active turn, as it stands at `server_time`. */
export const clockAnswer = named('Clock', clock.extend({ cards_ms: z.array(count), server_time: at }), {
  ...{ remaining_ms: 327_655, overtime_ms: 0, running: true, deadline: '2026-09-24T10:16:40.000Z' },
  ...{ cards_ms: [600_000, 420_000, 300_000, 180_000, 60_000], server_time: EXAMPLE.now },
});

/** A turn with its clock: the result of its commands, and an item of the list. */
export const timedTurnAnswer = named('TimedTurn', turnSchema.extend({ clock: clockAnswer.nullable() }), {
  ...EXAMPLE_TURN,
  clock: null,
});

/** A turn that is void, with what stands in its place. */
export const voidedTurnAnswer = named(
  'VoidedTurn',
  turnSchema.extend({ clock: clockAnswer.nullable(), replacement: timedTurnAnswer }),
  {
    ...{ ...EXAMPLE_TURN, state: 'voided', clock: null },
    replacement: {
      ...EXAMPLE_TURN,
      id: EXAMPLE.command_id,
      state: 'planned',
      speaker: null,
      started_at: null,
      clock: null,
    },
  },
);

export function shownTurn(turn: Turn): z.output<typeof turnSchema> {
  const { speaker_id, speaker_name, paused_by, ...rest } = turn;
  const speaker = speaker_id === null ? null : { user_id: speaker_id, name: speaker_name! };
  return { ...rest, paused_by: [...paused_by], speaker };
}

/** The clock of an active turn at an instant of the database's clock; null where none runs or stands. */
export function shownClock(
  turn: Turn | undefined,
  format: Format | null,
  server_time: string,
): z.output<typeof clockAnswer> | null {
  if (turn?.state !== 'active') return null;
  return { ...clockAt(turn, server_time), cards_ms: format?.cards_ms ?? [], server_time };
}

export function turnResource(turn: Turn, format: Format | null, server_time: string): z.output<typeof timedTurnAnswer> {
  return { ...shownTurn(turn), clock: shownClock(turn, format, server_time) };
}

interface After {
  states: { session: { turns: readonly Turn[]; format: Format | null } };
  heads: { readonly [kind: string]: Head };
}

/** The turn that the input names, as the command left it. */
export function turnOfInput({ states, heads }: After, { input }: { input: { turn_id: string } }) {
  const { turns, format } = states.session;
  return turnResource(turnOfPayload(turns, input), format, heads.session!.occurred_at!);
}
