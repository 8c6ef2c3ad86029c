/** What a command is answered, as schemas: its outcome with the resource after it, or how it stands. */
import { z } from 'zod';
import { at, components, count, hash, named, text, uuid } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../court/exampleValues.ts';
import { problemAnswer } from '../problemAnswer.ts';

const recorded = z.strictObject({ event_sequence: count, event_type: text, event_hash: hash });

/** All null, and no events, where a command records none. */
const outcome = {
  stream: text.nullable(),
  sequence_from: count.nullable(),
  sequence_to: count.nullable(),
  events: z.array(recorded),
};
const EXAMPLE_OUTCOME = {
  ...{ stream: `session:${EXAMPLE.session_id}`, sequence_from: 17, sequence_to: 17 },
  events: [{ event_sequence: 17, event_type: 'SESSION_RESUMED', event_hash: EXAMPLE.hash }],
};

const applied = new Map<z.ZodType, z.ZodType>();

/** Of a command with this result. */
export function appliedAnswer(resource: z.ZodType): z.ZodType {
  const known = applied.get(resource);
  if (known) return known;
  const { id, example } = components.get(resource)!;
  const schema = z.strictObject({ command_id: uuid, status: z.literal('applied'), ...outcome, result: resource });
  const made = named(`Applied${id}`, schema, {
    ...{ command_id: EXAMPLE.command_id, status: 'applied' as const, ...EXAMPLE_OUTCOME, result: example },
  });
  applied.set(resource, made);
  return made;
}

/** The result of a command of any kind. */
export const anyResource = named('Resource', z.looseObject({ id: uuid }), { id: EXAMPLE.session_id });

const state = {
  command_id: uuid,
  name: text,
  attempts: count,
  accepted_at: at,
};

export const acceptedAnswer = named(
  'Accepted',
  z.strictObject({ ...state, status: z.literal('accepted'), finished_at: z.null() }),
  {
    ...{ command_id: EXAMPLE.command_id, name: 'session.start', status: 'accepted', attempts: 0 },
    ...{ accepted_at: EXAMPLE.now, finished_at: null },
  },
);

const finished = { ...state, finished_at: at };

/** Its members follow from its status. */
export const commandStateAnswer = named(
  'CommandState',
  z.union([
    acceptedAnswer,
    z.strictObject({ ...finished, status: z.literal('applied'), ...outcome, result: anyResource }),
    z.strictObject({ ...finished, status: z.enum(['rejected', 'dead']), problem: problemAnswer }),
  ]),
  {
    ...{ command_id: EXAMPLE.command_id, name: 'session.start', status: 'applied' as const, attempts: 1 },
    ...{ accepted_at: EXAMPLE.now, finished_at: EXAMPLE.now, ...EXAMPLE_OUTCOME, result: { id: EXAMPLE.session_id } },
  },
);
