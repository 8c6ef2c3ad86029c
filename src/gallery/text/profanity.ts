/**
 * Profanity: obscenity's English words without those that a court has to say, in three readings of a text: as it looks,
 * with numbers and signs read as letters, and with what was spaced out put together again.
 */
import {
  collapseDuplicatesTransformer,
  DataSet,
  englishDataset,
  parseRawPattern,
  RegExpMatcher,
  resolveConfusablesTransformer,
} from 'obscenity';
import { INNOCENT, PROFANE_PARTS, PROFANE_WORDS, SAID_IN_COURT, SPLIT_WORDS } from './profaneWords.ts';

const dataset = new DataSet<{ originalWord: string }>()
  .addAll(englishDataset)
  .removePhrasesIf(({ metadata }) => SAID_IN_COURT.has(metadata?.originalWord ?? ''))
  .addPhrase((phrase) => {
    for (const word of PROFANE_WORDS) phrase.addPattern(parseRawPattern(`|${word}|`));
    for (const part of PROFANE_PARTS) phrase.addPattern(parseRawPattern(part));
    for (const term of INNOCENT) phrase.addWhitelistedTerm(term);
    return phrase;
  });

/** Letters that the library's own words have twice; all others are one, however often they are repeated. */
const TWICE = new Map([...'beglos'].map((letter) => [letter, 2] as const));

const matcher = new RegExpMatcher({
  ...dataset.build(),
  blacklistMatcherTransformers: [
    resolveConfusablesTransformer(),
    collapseDuplicatesTransformer({ defaultThreshold: 1, customThresholds: TWICE }),
  ],
});

const SIGNS: { [sign: string]: string } = { '@': 'a', '4': 'a', '8': 'b', '(': 'c', '3': 'e', '6': 'g', '9': 'g' };
Object.assign(SIGNS, { '1': 'i', '!': 'i', '|': 'i', '0': 'o', $: 's', '5': 's', '7': 't', '+': 't' });
/** Letters one by one, with signs between them. */
const SPACED = /(?<![a-z0-9])[a-z](?:[^a-z0-9]{1,3}[a-z]){2,}(?![a-z0-9])/g;
/** A word with its middle struck out. */
const STRUCK =
  /(?<![a-z0-9])(?:f[*#%@!_$^~]{1,3}c?k|f[*#%@!_$^~]{2,3}(?![a-z])|sh[*#%@!_$^~]{1,2}t|c[*#%@!_$^~]{1,2}nt|b[*#%@!_$^~]{1,2}tch|n[*#]{2,4}(?:r|er|a)s?(?![a-z])|a[*#]{1,2}hole)/;

export function isProfane(skeleton: string): boolean {
  const read = skeleton.split(' ').map(lettersOf).join(' ');
  const closed = read.replace(SPACED, (run) => run.replace(/[^a-z]/g, ''));
  // Most texts read the same in all three ways, and matching is what costs.
  const readings = new Set([skeleton, read, closed]);
  return STRUCK.test(skeleton) || [...readings].some((one) => matcher.hasMatch(one)) || isSplit(read);
}

/** A word in which signs stand for letters. One of more digits than letters is a number or the name of a road. */
function lettersOf(word: string): string {
  const core = word.replace(/^[.,;:?!'"()]+|[.,;:?!'")]+$/g, '');
  const digits = core.match(/\d/g)?.length ?? 0;
  const letters = core.match(/[a-z@$]/g)?.length ?? 0;
  return digits > letters ? core : core.replace(/[@48(3691!|0$57+]/g, (sign) => SIGNS[sign]!);
}

/** Neighbours that make one of the words that nobody writes in pieces by chance. */
function isSplit(read: string): boolean {
  const parts = read.split(/[^a-z]+/);
  for (let i = 0; i < parts.length; i++) {
    let joined = parts[i]!;
    for (let next = i + 1; next < parts.length && joined.length < SPLIT_WORDS.longest; next++) {
      joined += parts[next];
      if (SPLIT_WORDS.all.has(joined)) return true;
    }
  }
  return false;
}
