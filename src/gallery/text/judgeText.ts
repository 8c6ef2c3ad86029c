/**
 * Is a text fit for the gallery? It is cleaned, and then asked rule by rule, in the form in which its readers see it
 * (skeleton.ts). Pure: the same text is always judged the same, and what passed once passes again.
 */
import { cleanText } from './cleanText.ts';
import { countLinks, hasRefusedLink, MAX_LINKS } from './links.ts';
import { isProfane } from './profanity.ts';
import { isRepetitive, isShouted } from './shouting.ts';
import { skeletonOf } from './skeleton.ts';
import { isSpam } from './spam.ts';
import { hasTelephoneNumber } from './telephone.ts';

/** More than any text of the gallery has, in UTF-16 units: no rule is asked about what is longer. */
export const MAX_UNITS = 4_096;

export const TEXT_RULES = [
  'length',
  'empty',
  'link',
  'links',
  'telephone',
  'profanity',
  'spam',
  'capitals',
  'repetition',
] as const;
export type TextRule = (typeof TEXT_RULES)[number];

export type TextVerdict = { ok: true; text: string } | { ok: false; rule: TextRule };

export function judgeText(raw: string): TextVerdict {
  if (raw.length > MAX_UNITS) return { ok: false, rule: 'length' };
  const text = cleanText(raw);
  const rule = brokenRule(text);
  return rule === undefined ? { ok: true, text } : { ok: false, rule };
}

/** The first rule that it breaks, of those that say most about what to change. */
function brokenRule(text: string): TextRule | undefined {
  if (text === '') return 'empty';
  const skeleton = skeletonOf(text);
  // One sign may stand for a whole sentence.
  if (skeleton.length > MAX_UNITS) return 'length';
  if (hasRefusedLink(skeleton)) return 'link';
  if (countLinks(skeleton) > MAX_LINKS) return 'links';
  if (hasTelephoneNumber(skeleton)) return 'telephone';
  if (isProfane(skeleton)) return 'profanity';
  if (isSpam(skeleton)) return 'spam';
  if (isShouted(text)) return 'capitals';
  if (isRepetitive(text)) return 'repetition';
  return undefined;
}
