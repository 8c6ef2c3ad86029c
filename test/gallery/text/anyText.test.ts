/** What holds of every text, whatever it is: it is judged, in one pass, and what is taken is no markup and stays as it is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeText, MAX_UNITS } from '../../../src/gallery/text/judgeText.ts';
import { isEverything } from '../../support/everything.ts';

/** What rules and cleaning look for, in any order: what tricks are made of. */
const PIECES = [
  ...[
    '<',
    '>',
    '<b>',
    '</b>',
    '<script>',
    '<!--',
    '-->',
    '&lt;',
    '/',
    '!',
    '?',
    '＜',
    'b',
    'f',
    'u',
    'c',
    'k',
    ' ',
    '.',
    '\n',
  ],
  ...[
    '\u200b',
    '\u200c',
    '\u200d',
    '\u202e',
    '\ufe0f',
    '\u0301',
    '\u0338',
    '\u094d',
    'क',
    '\u0958',
    'ी',
    'م',
    '👩',
    '🏽',
    '❤',
    '🏴',
  ],
  ...[
    '\u{e0067}',
    '\u{e007f}',
    '0',
    '7',
    '+',
    '(',
    ')',
    '-',
    '@',
    'bit.ly',
    't.me/',
    'http://',
    'A',
    'é',
    '\ud800',
    '\ufdfa',
    '\u1e9b\u0323',
  ],
];
const texts = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
);
/** A tag, an end of one, a comment or a declaration, as any reader of HTML would see it. */
const MARKUP = /<[a-z/!?]/i;

describe('of every text', () => {
  test('a verdict is given, and what is taken has no markup and is taken again as it is', () => {
    fc.assert(
      fc.property(texts, (raw) => {
        const verdict = judgeText(raw);
        if (!verdict.ok) return;
        expect(verdict.text).not.toMatch(MARKUP);
        expect(verdict.text).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b\ufeff]/u);
        expect(judgeText(verdict.text)).toEqual(verdict);
      }),
      { numRuns: isEverything ? 1_000 : 150 },
    );
  });
});

/** A rule whose expression goes back and forth would take minutes over these, and the test would end without it. */
describe('of the longest texts', () => {
  const SEEDS = [
    ...PIECES,
    'a ',
    'a.',
    '1 ',
    '1-',
    '(1',
    '+1 ',
    'one ',
    'f*',
    'f u ',
    'a@',
    'a.b@',
    '//a',
    'a:',
    '<a ',
    '[.]',
    ' dot ',
    '\t',
    '"',
    'http://a/(',
  ];
  test.each(SEEDS.map((seed) => [JSON.stringify(seed), seed]))('one of %s over and over is judged', (_, seed) => {
    const raw = seed.repeat(Math.ceil(MAX_UNITS / seed.length)).slice(0, MAX_UNITS);
    for (const text of [raw, `${raw.slice(0, -2)}x!`, `x ${raw.slice(2)}`])
      expect(judgeText(text)).toHaveProperty('ok');
  });
});
