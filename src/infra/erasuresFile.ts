/**
 * The file beside the database in which every erasure is written down, a line each, before it is committed: a database that
 * is restored from an older backup holds again what was erased, and is told by this file. Nothing that was erased is in it.
 */
import { z } from 'zod';
import type { Erasing } from '../core/apply/erasing.ts';
import { ERASURE_REASONS } from '../core/definitions/erasure.ts';
import { appendDurably, PRIVATE, readIfThere } from './files.ts';

const entry = z.object({
  stream: z.string(),
  event_sequence: z.int(),
  payload_commitment: z.string(),
  reason: z.enum(ERASURE_REASONS),
  actor_id: z.string(),
  erased_at: z.string(),
});
export type ErasureEntry = z.output<typeof entry>;

/** On the disk when it resolves. @throws where it cannot be: then nothing may be erased */
export async function noteErasures(path: string, erasing: readonly Erasing[]): Promise<void> {
  if (erasing.length === 0) return;
  const lines = erasing.map(({ erased, actor: actor_id, at: erased_at }) => {
    const { stream, event_sequence, payload_commitment, reason } = erased;
    const said: ErasureEntry = { stream, event_sequence, payload_commitment, reason, actor_id, erased_at };
    return `${JSON.stringify(said)}\n`;
  });
  await appendDurably(path, lines.join(''), PRIVATE);
}

/**
 * One of each payload, where it was noted more than once; none where there is no such file. A last line that was cut off was
 * never committed.
 * @throws where any other line cannot be read: what it says would be forgotten
 */
export async function readErasures(path: string): Promise<ErasureEntry[]> {
  const text = (await readIfThere(path)) ?? '';
  const found = new Map<string, ErasureEntry>();
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue;
    const one = entry.parse(JSON.parse(line));
    found.set(`${one.stream} ${one.event_sequence}`, one);
  }
  return [...found.values()];
}
