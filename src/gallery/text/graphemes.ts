/** Characters as people count them: a flag, a family or a letter with its accents is one. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

export function* graphemesOf(text: string): Generator<string> {
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** Counts no further than it must: no character has less than one unit. */
export function isWithinGraphemes(text: string, most: number): boolean {
  if (text.length <= most) return true;
  let count = 0;
  for (const _ of segmenter.segment(text)) {
    count += 1;
    if (count > most) return false;
  }
  return true;
}
