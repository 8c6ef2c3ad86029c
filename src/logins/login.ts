/** A login session as it is answered: when it was seen, on which devices and in which networks, by hashes that name neither. */
import { z } from 'zod';
import { at, listOf, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';

const place = z.strictObject({ id: text, first_seen: at, last_seen: at });

const loginItem = named(
  'LoginSession',
  z.strictObject({
    ...{ id: uuid, user_id: uuid },
    /** The same device in the same browser has the same id, in every login session. */
    devices: z.array(place),
    /** The same network has the same id. */
    networks: z.array(place),
    ...{ first_seen: at, last_seen: at },
    /** Whether the question was asked in it. */
    current: z.boolean(),
  }),
  {
    ...{ id: EXAMPLE.command_id, user_id: EXAMPLE.user_id },
    devices: [{ id: '5f2c8a90d1b34e67a8c0f1e2d3b4a596', first_seen: EXAMPLE.created_at, last_seen: EXAMPLE.now }],
    networks: [{ id: '0b9e7d6c5a4f3e2d1c0b9a8f7e6d5c4b', first_seen: EXAMPLE.created_at, last_seen: EXAMPLE.now }],
    ...{ first_seen: EXAMPLE.created_at, last_seen: EXAMPLE.now, current: true },
  },
);

export const loginList = listOf('LoginSessionList', loginItem);
