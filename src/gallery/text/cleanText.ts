/**
 * A text as it is kept and shown: without markup, without characters that nobody sees or that turn the direction of
 * writing, in one line. Cleaning a second time changes nothing.
 */
import { Parser } from 'htmlparser2';

/** Marks on one letter: no language stacks more. */
const MARKS = 4;
const BLANK = /[\p{Z}\t-\r\x85\u2800]/u;
const MARK = /\p{M}/u;
/** Controls, and what is drawn as nothing: zero-width characters, fillers, overrides of direction, annotations. */
const UNSEEN = /[\p{Cc}\p{DI}\ufff9-\ufffb]/u;
const EMOJI = /\p{Emoji}/u;
const PICTURE = /\p{Extended_Pictographic}/u;
const AFTER_PICTURE = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f/u;
/** Scripts in which a joiner between two letters makes another word. */
const JOINING =
  /[\p{scx=Arab}\p{scx=Beng}\p{scx=Deva}\p{scx=Gujr}\p{scx=Guru}\p{scx=Khmr}\p{scx=Knda}\p{scx=Mlym}\p{scx=Mong}\p{scx=Orya}\p{scx=Sinh}\p{scx=Syrc}\p{scx=Taml}\p{scx=Telu}]/u;
const TAGGED = /[\u{1f3f4}\u{e0020}-\u{e007e}]/u;
const TAG = /[\u{e0020}-\u{e007f}]/u;
/** Parts of a document whose text is for machines. */
const MACHINES = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'object', 'svg', 'math']);

export function cleanText(raw: string): string {
  return withoutUnseen(withoutMarkup(withoutUnseen(raw.toWellFormed())));
}

function withoutUnseen(text: string): string {
  let seen = '';
  let last = '';
  let marks = 0;
  const characters = [...text.normalize('NFC')];
  for (const [i, character] of characters.entries()) {
    const shown = BLANK.test(character) ? ' ' : character;
    if (shown === ' ' && (last === ' ' || last === '')) continue;
    if (UNSEEN.test(shown) && !isNeeded(shown, last, characters[i + 1] ?? '')) continue;
    marks = MARK.test(shown) ? marks + 1 : 0;
    if (marks > MARKS) continue;
    seen += shown;
    last = shown;
  }
  return seen.trimEnd().normalize('NFC');
}

/** Between these two the unseen character makes an emoji, or a word, what it is. */
function isNeeded(character: string, before: string, after: string): boolean {
  if (character === '\ufe0f') return EMOJI.test(before);
  if (TAG.test(character)) return TAGGED.test(before);
  if (character === '\u200d' && AFTER_PICTURE.test(before) && PICTURE.test(after)) return true;
  return /[\u200c\u200d]/.test(character) && JOINING.test(before) && /\p{L}/u.test(after) && JOINING.test(after);
}

/** What the parser takes for text. Entities stay as they were typed: a text is text, and nothing in it is decoded. */
function withoutMarkup(text: string): string {
  let said = '';
  let within = 0;
  const parser = new Parser(
    {
      onopentagname(name) {
        if (MACHINES.has(name)) within += 1;
      },
      ontext(part) {
        if (within === 0) said += part;
      },
      onclosetag(name) {
        if (MACHINES.has(name)) within -= 1;
      },
    },
    { decodeEntities: false },
  );
  parser.end(text.replace(/[＜﹤]/g, '<').replace(/[＞﹥]/g, '>'));
  // A tag in pieces around another one is whole when that one is gone.
  return said.replace(/<+([a-z/!?])?/gi, (run, next?: string) => next ?? run);
}
