/**
 * What comes over the broadcast is believed only as far as it can be checked: the exact shape of exported events of the
 * very stream, each with a commitment and a hash that its own fields give. Whether it links is for the room to see.
 */
import { z } from 'zod';
import { canonicalPayload, eventHash, payloadCommitment } from '../../core/chain/chain.ts';
import type { ExportedEvent, JsonObject } from '../../core/definitions/event.ts';
import { idOf, type StreamKind } from '../../core/definitions/stream.ts';
import { sessionStream } from '../../court/sessions/session.ts';
import { eventsLine } from '../../infra/broadcast/announcements.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const Announced = z.array(
  z.strictObject({
    stream: z.string(),
    session_id: z.string().exactOptional(),
    event_sequence: z.int().min(1),
    event_type: z.string().regex(/^[A-Z][A-Z0-9_]{0,49}$/),
    event_id: z.string().regex(/^[0-9a-f-]{36}$/),
    actor_id: z.string().regex(/^[a-z0-9:_-]{1,64}$/),
    occurred_at: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    previous_hash: hash,
    event_hash: hash,
    payload: z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
    payload_salt: hash,
    payload_commitment: hash,
  }),
);

type Announcement = z.output<typeof Announced>[number];

/** @returns undefined when anything in it is not what the record could have said */
export function readAnnouncement(
  text: string,
  stream: string,
  { id_name }: Pick<StreamKind, 'id_name'> = sessionStream,
): ExportedEvent[] | undefined {
  try {
    const events = Announced.parse(JSON.parse(eventsLine(text)));
    const id = id_name === undefined ? undefined : idOf(stream);
    const isOfStream = (event: Announcement) => event.stream === stream && event.session_id === id;
    return events.every((event) => isOfStream(event) && isConsistent(event)) ? events : undefined;
  } catch {
    return undefined;
  }
}

function isConsistent(event: Announcement): boolean {
  const commitment = payloadCommitment(Buffer.from(event.payload_salt, 'hex'), canonicalPayload(event.payload));
  const computed = eventHash({
    actor: event.actor_id,
    at: event.occurred_at,
    commitment,
    id: event.event_id,
    previous_hash: event.previous_hash,
    sequence: event.event_sequence,
    stream: event.stream,
    type: event.event_type,
  });
  return commitment === event.payload_commitment && computed === event.event_hash;
}
