/**
 * Telephone numbers, in digits of any script or in words: nobody is to be called from what stands in the gallery. The
 * library finds them; citations, dates and dockets have as many digits, and are told from them by how they begin.
 */
import { type CountryCode, findPhoneNumbersInText } from 'libphonenumber-js/max';

/** Seven digits or more, with little between them. No number that can be called from elsewhere has fewer. */
const RUN = /[+(]{0,2}\d(?:[ ()./-]{0,3}\d){6,19}/g;
/** More of them are no sentence. */
const MOST_RUNS = 8;
/** Without a word that says what they are. */
const DIGITS_UNANNOUNCED = 9;
/** Countries whose numbers are known as they are written at home; those of all others by their code. */
const AT_HOME: readonly CountryCode[] = 'US GB IN DE FR AU ZA BR NG PK HK SG'.split(' ') as CountryCode[];
const WORDS = 'zero one two three four five six seven eight nine oh'.split(' ');
const ANY_WORD = WORDS.join('|');
const SPELLED = new RegExp(`(?<![a-z])(?:(?:${ANY_WORD})[\\s,.-]{1,3}){6,}(?:${ANY_WORD})(?![a-z])`, 'g');
const WORD = new RegExp(ANY_WORD, 'g');
const DATE = /(?<!\d)(?:\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{1,2}[:.]\d{2})(?![\d./-])/g;
/** What a number follows in a sentence. */
const ANNOUNCED =
  /(?:^|[^a-z])(?:call|dial|ring|phone|tele?phone|tel|mobile|cell|text|sms|whats ?app|signal|handy)[^a-z\d]{0,3}(?:me|us|him|her|no|number|nr|is|at|on)?[^a-z\d+(]{0,4}$/;
/** As it is dialled from home or abroad, or as it is written in North America or India. */
const BEGINNING = /^(?:\+|0|\(0|\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}$|[6-9]\d{4} ?\d{5}$)/;
/** What the library does not know: ten to fifteen digits behind a zero, in one, or each by itself; eight behind a plus. */
const DIALLED =
  /(?<![\w.,/-])(?:\+\d(?:[ .()/-]{0,3}\d){7,14}|0(?:[ .()/-]{0,3}\d){9,14}|\d{10,15}|\d(?:[ .-]\d){8,14})(?![\w/])/;

export function hasTelephoneNumber(skeleton: string): boolean {
  const spelled = skeleton.replace(SPELLED, (run) => ` ${run.match(WORD)!.map(digitOf).join('')} `);
  const text = spelled.replace(DATE, ' ');
  if (DIALLED.test(text)) return true;
  const runs = [...text.matchAll(RUN)];
  return runs.length > MOST_RUNS || runs.some((run) => AT_HOME.some((country) => isFound(run, text, country)));
}

/** The library is shown the run alone: its time grows with more than the length of what it reads. */
function isFound({ 0: run, index }: RegExpExecArray, text: string, defaultCountry: CountryCode): boolean {
  return findPhoneNumbersInText(run, { defaultCountry }).some(({ startsAt, endsAt }) => {
    const before = text.slice(Math.max(0, index + startsAt - 20), index + startsAt);
    if (ANNOUNCED.test(before)) return true;
    const number = run.slice(startsAt, endsAt);
    const isPart = /[\w/-]$/.test(before) || /^[\w/-]/.test(text.slice(index + endsAt, index + endsAt + 1));
    return !isPart && BEGINNING.test(number) && countDigits(number) >= DIGITS_UNANNOUNCED;
  });
}

const countDigits = (text: string) => text.match(/\d/g)?.length ?? 0;
const digitOf = (word: string) => WORDS.indexOf(word) % 10;
