/**
 * What a text looks like to its readers, in small Latin letters: the rules ask this, so that a letter of another script
 * that looks the same, an accent or a circle around it hides nothing from them. Never kept, never shown.
 */

/** Characters that look like a Latin letter and that compatibility decomposition leaves as they are. */
const LOOKALIKES: { [letter: string]: string } = {
  a: 'аɑαᴀꭺꓮ',
  b: 'вʙβꮟꓐƅ',
  c: 'сϲᴄꮯꓚ',
  d: 'ԁᴅđɗꭰꓓð',
  e: 'еєεᴇꭼꓰəɛ',
  f: 'ƒꜰʃꓝ',
  g: 'ɡɢԍꮐꓖց',
  h: 'һнʜħꮋꓧհ',
  i: 'іıɪιꭵꓲɩ',
  j: 'јϳᴊꭻꓙյ',
  k: 'кκᴋꮶꓗƙ',
  l: 'ʟłӏꮮꓡ',
  m: 'мᴍꮇꓟ',
  n: 'ոɴηпꓠŋ',
  o: 'оοσᴏøօꓳө',
  p: 'рρᴘꮲꓑƿ',
  q: 'ԛզǫ',
  r: 'гʀꭱꮁꓣ',
  s: 'ѕꜱꮪꓢʂ',
  t: 'тτᴛꭲꓔŧ',
  u: 'ᴜυսꓴцʋ',
  v: 'ѵνᴠꮩꓦ',
  w: 'ԝωᴡꮃꓪщшѡ',
  x: 'хχꓫ',
  y: 'уʏүγꓬꮍ',
  z: 'ᴢꮓꓜʐ',
  ss: 'ß',
  ae: 'æ',
  oe: 'œ',
  '.': '。․',
  "'": '’‘ʼ`´',
};
/** Where runs of letters begin: regional indicators, and letters in black circles and squares. */
const RUNS = [0x1f1e6, 0x1f150, 0x1f170];

const DIGIT = /\p{Nd}/u;

const latin = new Map<string, string>(
  Object.entries(LOOKALIKES).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)),
);
for (const first of RUNS) {
  for (let i = 0; i < 26; i++) latin.set(String.fromCodePoint(first + i), String.fromCharCode(97 + i));
}

export function skeletonOf(text: string): string {
  let skeleton = '';
  for (const character of text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\p{DI}]/gu, '')) {
    skeleton += latin.get(character) ?? (DIGIT.test(character) ? digitOf(character) : character);
  }
  return skeleton;
}

/** Digits of every script stand in rows of ten, from zero to nine. */
function digitOf(character: string): string {
  const point = character.codePointAt(0)!;
  let value = 0;
  while (value < 9 && DIGIT.test(String.fromCodePoint(point - value - 1))) value += 1;
  return String(value);
}
