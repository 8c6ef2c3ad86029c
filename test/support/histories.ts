/** The sessions that are kept in test/histories, event by event as they were exported. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionEvent } from '../../src/client/protocol.ts';
import { groupBy } from '../../src/core/groupBy.ts';

const FOLDER = join(import.meta.dirname, '../histories');

export interface History {
  name: string;
  session_id: string;
  events: SessionEvent[];
}

const files = readdirSync(FOLDER).map((file) => {
  const lines = readFileSync(join(FOLDER, file), 'utf8').trim().split('\n');
  return { file, all: lines.map((line) => JSON.parse(line) as SessionEvent) };
});

/** Events that erased payloads of others: they stand in the streams of their matches. */
export const erasures = files.flatMap(({ all }) => all.filter(({ event_type }) => event_type === 'PAYLOAD_ERASED'));

export const histories: History[] = files.flatMap(({ file, all }) => {
  const events = all.filter(({ stream }) => stream.startsWith('session:'));
  return [...groupBy(events, ({ session_id }) => session_id)].map(([session_id, own], i) => {
    return { name: `${file} ${i + 1}`, session_id, events: own };
  });
});
