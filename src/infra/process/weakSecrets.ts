/**
 * Secrets that look long and are not: well-known words, runs along the alphabet or the keyboard's digits, and either of
 * them over and over, with or without a tail. What is left when these are taken out is what somebody would have to guess.
 */
const MIN_BYTES = 32;
const MIN_LEFT = 16;

const WORDS = ['secret', 'changeme', 'change', 'password', 'passw0rd', 'please', 'default', 'example', 'development']
  .concat(['production', 'jwt', 'token', 'key', 'your', 'this', 'admin', 'plearoll', 'supersecret', 'qwerty', 'me'])
  .sort((one, other) => other.length - one.length);
const KNOWN = new RegExp(WORDS.join('|'), 'g');
const SEQUENCE = '01234567890-abcdefghijklmnopqrstuvwxyz';
const REVERSED = [...SEQUENCE].reverse().join('');
const RUN = 4;

/** Why nobody should sign with it; undefined where nothing speaks against it. */
export function weaknessOf(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < MIN_BYTES) return `must have at least ${MIN_BYTES} bytes in production`;
  const text = secret.toLowerCase();
  const left = withoutRuns(onceOf(text).replace(KNOWN, '')).replace(/[^\p{L}\p{N}]/gu, '');
  return onceOf(left).length < MIN_LEFT ? 'is a well-known default, or one that is easily guessed' : undefined;
}

/** What a text repeats: the shortest beginning that, said again and again, makes all of it. */
function onceOf(text: string): string {
  for (let length = 1; length <= text.length / 2; length += 1) {
    const unit = text.slice(0, length);
    if (unit.repeat(Math.ceil(text.length / length)).startsWith(text)) return unit;
  }
  return text;
}

/** Without 1234, dcba and their like. */
function withoutRuns(text: string): string {
  let left = '';
  for (let at = 0; at < text.length; ) {
    const length = runAt(text, at);
    if (length < RUN) left += text[at];
    at += length < RUN ? 1 : length;
  }
  return left;
}

function runAt(text: string, at: number): number {
  let length = 1;
  const isRun = (part: string) => SEQUENCE.includes(part) || REVERSED.includes(part);
  while (at + length < text.length && isRun(text.slice(at, at + length + 1))) length += 1;
  return length;
}
