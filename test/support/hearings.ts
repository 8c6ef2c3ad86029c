/** Sheets to play: timings of real oral arguments where they are at hand, otherwise a small round of our own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Hearing {
  docket: string;
  sections: number;
  speakers: string[];
  utterances: [section: number, speaker: string, start_ms: number, stop_ms: number][];
}

const SHEETS = join(import.meta.dirname, '../../../shared/data/oral-argument-timings.ndjson');

const OWN: Hearing = {
  docket: 'meridian-v-harbour',
  sections: 3,
  speakers: ['bench-1', 'bench-2', 'counsel-1', 'counsel-2'],
  utterances: [
    [0, 'bench-1', 0, 4_000],
    [0, 'counsel-1', 4_000, 61_500],
    [0, 'bench-2', 61_500, 70_250],
    [0, 'counsel-1', 70_250, 190_000],
    [1, 'counsel-2', 190_000, 260_125],
    [1, 'bench-1', 260_125, 268_000],
    [1, 'counsel-2', 268_000, 401_000],
    [2, 'counsel-1', 401_000, 455_000],
    [2, 'bench-1', 455_000, 457_500],
  ],
};

export const hearings: Hearing[] = existsSync(SHEETS)
  ? readFileSync(SHEETS, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Hearing)
  : [OWN];
