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
