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

/** A section of a hearing as it is held: one turn of the counsel who speaks most in it. */
export interface Speech {
  counsel: string;
  side: 'petitioner' | 'respondent';
  kind: 'argument' | 'rebuttal';
  start_ms: number;
  stop_ms: number;
  utterances: { speaker: string; isBench: boolean; start_ms: number; stop_ms: number }[];
}

export const ALLOTTED_MS = { argument: 15 * 60_000, rebuttal: 3 * 60_000 };

/** The first counsel pleads for the petitioner, and replies; all others for the respondent. */
export function speechesOf({ sections, speakers, utterances }: Hearing): Speech[] {
  const first = speakers.find((name) => name.startsWith('counsel'))!;
  return Array.from({ length: sections }, (_, section): Speech => {
    const said = utterances
      .filter(([number]) => number === section)
      .map(([, speaker, start_ms, stop_ms]) => ({ speaker, isBench: speaker.startsWith('bench'), start_ms, stop_ms }));
    const spoken = new Map<string, number>();
    for (const { speaker, isBench, start_ms, stop_ms } of said) {
      if (!isBench) spoken.set(speaker, (spoken.get(speaker) ?? 0) + stop_ms - start_ms);
    }
    const [counsel] = [...spoken].sort(([, a], [, b]) => b - a)[0]!;
    return {
      counsel,
      side: counsel === first ? 'petitioner' : 'respondent',
      kind: section > 0 && counsel === first ? 'rebuttal' : 'argument',
      start_ms: said[0]!.start_ms,
      stop_ms: said.at(-1)!.stop_ms,
      utterances: said,
    };
  });
}

/** As the hearing was held: its turns in order, and whether the bench's questions stop the clock. */
export function formatOf(speeches: Speech[], question: boolean) {
  const segments = speeches.map(({ side, kind }) => ({ side, kind, allotted_ms: ALLOTTED_MS[kind] }));
  return { name: 'As it was held', segments, pauses: { objection: true, question } };
}
