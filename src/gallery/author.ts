/** What is written and by whom a person is called, in the input of a command. */
import type { JsonObject } from '../core/definitions/event.ts';

/** The name of a person with a token, as the token has it: the door adds it. */
export function nameOf(input: object): string | null {
  return (input as { author_name?: string }).author_name ?? null;
}

/** What the inbox keeps of a command of the gallery, once it has its outcome: ids, and nothing that was written. */
export function keptOf(input: { session_id: string; message_id?: string }): JsonObject {
  const { session_id, message_id } = input;
  return { session_id, ...(message_id !== undefined && { message_id }) };
}
