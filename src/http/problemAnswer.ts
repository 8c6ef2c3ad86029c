/** A problem as every refusal answers it, as a schema: RFC 9457, with the members that some codes bring. */
import { z } from 'zod';
import { count, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../court/exampleValues.ts';
import { problems } from '../modules.ts';
import { MAX_FAULTS } from './door/inputErrors.ts';

export const problemAnswer = named(
  'Problem',
  z
    .looseObject({
      type: text.meta({ description: 'The code as a URN; where PUBLIC_URL is set, the page that explains it.' }),
      title: text,
      status: z.int(),
      detail: text,
      code: z.enum(Object.keys(problems)),
      instance: text.exactOptional(),
      command_id: uuid.exactOptional(),
      request_id: text,
      errors: z
        .array(z.strictObject({ pointer: text, detail: text }))
        .max(MAX_FAULTS)
        .exactOptional(),
      more: count.exactOptional().meta({ description: 'Faults that `errors` has no room for' }),
      from: text.exactOptional(),
      to: text.exactOptional(),
      limit: z
        .union([text, z.int()])
        .exactOptional()
        .meta({ description: 'The limit that was met: its name, or how many' }),
      retry_after_ms: count.exactOptional(),
    })
    .meta({ description: 'RFC 9457 problem details' }),
  {
    ...{ type: 'urn:plearoll:problem:invalid_transition', title: 'The session does not allow this change of state' },
    ...{
      status: 409,
      detail: 'A session that is completed cannot become active this way.',
      code: 'invalid_transition',
    },
    ...{ instance: `/api/command/${EXAMPLE.command_id}`, command_id: EXAMPLE.command_id },
    request_id: EXAMPLE.event_id,
    ...{ from: 'completed', to: 'active' },
  },
);
