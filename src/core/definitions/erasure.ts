/**
 * The erasure of a payload: an event of the type PAYLOAD_ERASED names it, and from that commit on neither it nor its salt
 * is stored. The machine carries out what such an event says, whatever module records it.
 */
import { z } from 'zod';
import type { JsonObject } from './event.ts';
import { privately } from './privateText.ts';

export const PAYLOAD_ERASED = 'PAYLOAD_ERASED';

export const ERASURE_REASONS = ['personal_data', 'court_order', 'mistake', 'retention'] as const;

export const erasedPayload = z.strictObject({
  stream: z.string(),
  event_sequence: z.int(),
  payload_commitment: z.string(),
  reason: z.enum(ERASURE_REASONS),
  /** What the stream's state still follows from: the payload without its texts. Absent where nothing follows from it. */
  remains: privately(z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>).exactOptional(),
});
export type ErasedPayload = z.output<typeof erasedPayload>;

/** As many as one event of a stream erases of that stream's own payloads. */
export const MOST_LAPSED = 1_000;

/**
 * What the event of a type that `lapses` says: these payloads of its own stream were kept for their time, and from that
 * commit on they are not stored any more.
 */
export const lapsed = {
  erased: z
    .array(z.strictObject({ event_sequence: z.int(), payload_commitment: z.string() }))
    .min(1)
    .max(MOST_LAPSED),
  reason: z.enum(ERASURE_REASONS),
};
