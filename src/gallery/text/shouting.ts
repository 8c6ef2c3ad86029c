/** Texts that shout: in capitals, or with one character over and over. */
import { graphemesOf } from './graphemes.ts';

const SHORT = 10;
const CAPITALS_PERCENT = 70;
const IN_A_ROW = 5;
/** Each of these is a character by itself: to find their borders is what costs. */
const PLAIN = /^[ -~]*$/;
const PLAIN_RUN = new RegExp(`(.)\\1{${IN_A_ROW}}`);

/** More than 70 % of the letters are capitals, where there are at least ten letters. */
export function isShouted(text: string): boolean {
  const seen = text.normalize('NFKC');
  const letters = seen.match(/\p{L}/gu)?.length ?? 0;
  const capitals = seen.match(/\p{Lu}/gu)?.length ?? 0;
  return letters >= SHORT && capitals * 100 > letters * CAPITALS_PERCENT;
}

/** A character, as people count them and whatever its case, more than five times in a row. */
export function isRepetitive(text: string): boolean {
  const seen = text.normalize('NFKC').toLowerCase();
  if (PLAIN.test(seen)) return PLAIN_RUN.test(seen);
  let last = '';
  let run = 0;
  for (const character of graphemesOf(seen)) {
    run = character === last ? run + 1 : 1;
    if (run > IN_A_ROW) return true;
    last = character;
  }
  return false;
}
