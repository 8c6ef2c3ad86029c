/** Signed notes: the published examples, and everything that is nearly one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64OfBytes } from '../../../src/core/chain/base64.ts';
import { checkpointText, isGrowth, parseCheckpoint } from '../../../src/core/proof/checkpoint.ts';
import { headText, parseHeadText } from '../../../src/core/proof/headNote.ts';
import { noteKey, parseVkey, vkeyOf } from '../../../src/core/proof/keys.ts';
import { consistencySpans, EMPTY_ROOT, leafHash, merkleRoot } from '../../../src/core/proof/merkle.ts';
import { formatNote, NoteFault, parseNote } from '../../../src/core/proof/note.ts';
import { openNote } from '../../../src/core/proof/openNote.ts';
import { cosignText, drawSeed, signingKey, signText } from '../../../src/core/proof/signNote.ts';

/** Of the specification c2sp.org/signed-note. */
const EXAMPLE_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE = `This is an example message.

\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;
const exampleKey = parseVkey(EXAMPLE_VKEY)!;
const SIGNATURE = EXAMPLE.split('\n')[2]!;

/** With the code of its fault, or what it says. */
const opened = (note: string, keys = [exampleKey]) =>
  openNote(note, keys).then(
    ({ text }) => text,
    (error) => (error instanceof NoteFault ? error.code : error),
  );

describe('the example of the specification', () => {
  test('is opened by its key', async () => {
    expect(await opened(EXAMPLE)).toBe('This is an example message.\n');
    expect(formatNote(parseNote(EXAMPLE))).toBe(EXAMPLE);
    expect(vkeyOf(exampleKey)).toBe(EXAMPLE_VKEY);
  });

  test('is forged where one bit of its text or signature is another', async () => {
    expect(await opened(EXAMPLE.replace('message', 'massage'))).toBe('forged');
    expect(await opened(EXAMPLE.replace('QOkn', 'QOko'))).toBe('forged');
    expect(await opened(EXAMPLE.replace(/Uw2QO.*=/, 'Uw2QOgAA'))).toBe('forged');
  });

  test('is unsigned for another key, and for one that shares its name or its id alone', async () => {
    expect(await opened(EXAMPLE, [])).toBe('unsigned');
    expect(await opened(EXAMPLE, [{ ...exampleKey, name: 'example.com/bar' }])).toBe('unsigned');
    expect(await opened(EXAMPLE, [{ ...exampleKey, key_id: '530d903b' }])).toBe('unsigned');
  });

  test('keeps its text where it has empty lines, and passes over signatures of others', async () => {
    const key = signingKey('court.example/log', 'ed25519', drawSeed());
    const text = 'one\n\n\ntwo\n';
    const stranger = signText(text, signingKey('other', 'ed25519', drawSeed()));
    const note = formatNote({ text, signatures: [stranger, signText(text, key)] });
    expect(await openNote(note, [key])).toEqual({ text, signed_by: [{ name: key.name, key_id: key.key_id }] });
  });
});

describe('no signed note', () => {
  test.each<[string, string]>([
    ['is empty', ''],
    ['is without signatures', 'text\n'],
    ['is without a blank line', `text\n${SIGNATURE}\n`],
    ['has nothing after the blank line', 'text\n\n'],
    ['does not end its last line', EXAMPLE.slice(0, -1)],
    ['has lines that end as on Windows', EXAMPLE.replaceAll('\n', '\r\n')],
    ['has a control character', EXAMPLE.replace('This', 'Th\u0001is')],
    ['has a tab', EXAMPLE.replace('This is', 'This\tis')],
    ['has a lone surrogate', EXAMPLE.replace('This', 'Th\ud800is')],
    ['begins a signature with another dash', EXAMPLE.replace('\u2014', '-')],
    ['has two spaces before a signature', EXAMPLE.replace('foo Uw', 'foo  Uw')],
    ['has a space after a signature', `${EXAMPLE.slice(0, -1)} \n`],
    ['has a plus in a name', EXAMPLE.replace('example.com/foo', 'example.com+foo')],
    ['has a space of another kind in a name', EXAMPLE.replace('example.com/foo', 'example.com\u00a0foo')],
    ['has base 64 without its end', EXAMPLE.replace('aQM=', 'aQM')],
    ['has base 64 with spare bits', EXAMPLE.replace('aQM=', 'aQN=')],
    ['has a signature of no byte', EXAMPLE.replace(/Uw2QO.*=/, 'Uw2QOg==')],
    ['has a line among the signatures that is none', `${EXAMPLE}more\n`],
    ['has more than 100 signatures', `text\n\n${`${SIGNATURE}\n`.repeat(101)}`],
    ['is longer than 64 KiB', `${'text'.repeat(20_000)}\n\n${SIGNATURE}\n`],
  ])('%s', async (_, note) => {
    expect(await opened(note)).toBe('malformed');
  });

  test('is any other text: whatever is parsed gives the same bytes again', () => {
    const piece = fc.constantFrom(
      '\n',
      '\n\n',
      '\u2014 ',
      SIGNATURE,
      'text',
      ' ',
      '+',
      '=',
      '\u2014 a b/c=\n',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let note: ReturnType<typeof parseNote>;
        try {
          note = parseNote(text);
        } catch (error) {
          expect(error).toBeInstanceOf(NoteFault);
          return;
        }
        expect(formatNote(note)).toBe(text);
      }),
    );
  });
});

describe('a key in its text form', () => {
  const key = noteKey('court.example/log', 'ed25519', new Uint8Array(32).fill(7));

  test('comes back as it was, whatever signs with it', () => {
    for (const one of [key, noteKey('w', 'cosignature', key.public_key)]) expect(parseVkey(vkeyOf(one))).toEqual(one);
    expect(noteKey(key.name, 'cosignature', key.public_key).key_id).not.toBe(key.key_id);
  });

  const [name, id, bytes] = vkeyOf(key).split('+') as [string, string, string];
  const other = base64OfBytes(new Uint8Array([2, ...key.public_key]));
  test.each<[string, string]>([
    ['nothing', ''],
    ['a name', name],
    ['a key whose id is of another', `${name}+00000000+${bytes}`],
    ['a key under another name', `other+${id}+${bytes}`],
    ['an id of capitals', `${name}+${id.toUpperCase()}+${bytes}`],
    ['a kind that is not known', `${name}+${id}+${other}`],
    ['a byte too few', `${name}+${id}+${bytes.slice(0, -4)}`],
    ['a newline behind it', `${vkeyOf(key)}\n`],
    ['a space in the name', `a b+${id}+${bytes}`],
  ])('is not %s', (_, vkey) => {
    expect(parseVkey(vkey)).toBeUndefined();
  });

  test('has a name without spaces and plus', () => {
    for (const bad of ['', 'a b', 'a+b', 'a\nb', 'a\u2003b', '\u0085']) {
      expect(() => noteKey(bad, 'ed25519', key.public_key)).toThrow(TypeError);
    }
  });

  test('is drawn from 32 bytes as RFC 8032 says', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const drawn = signingKey('rfc', 'ed25519', seed);
    expect(Buffer.from(drawn.public_key).toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
    expect(() => signingKey('rfc', 'ed25519', seed.subarray(1))).toThrow(RangeError);
  });
});

describe('a cosignature', () => {
  const key = signingKey('witness.example/w1', 'cosignature', drawSeed());
  const text = checkpointText({ origin: 'court.example/log', size: 0, root: EMPTY_ROOT });

  test('says when the witness saw the checkpoint', async () => {
    const note = formatNote({ text, signatures: [cosignText(text, key, 1_679_315_147)] });
    const signed_by = [{ name: key.name, key_id: key.key_id, time: 1_679_315_147 }];
    expect(await openNote(note, [key])).toEqual({ text, signed_by });
  });

  test('is forged at another time, over another text, and as a signature without a time', async () => {
    const line = cosignText(text, key, 1_679_315_147);
    const forged = [
      { text, signatures: [{ ...line, signature: line.signature.with(7, 0) }] },
      { text, signatures: [{ ...line, signature: line.signature.slice(8) }] },
      { text, signatures: [{ ...line, signature: new Uint8Array(72).fill(255) }] },
      { text: text.replace('0', '1'), signatures: [line] },
    ];
    for (const note of forged) expect(await opened(formatNote(note), [key])).toBe('forged');
  });
});

describe('the text of a checkpoint', () => {
  const published = `example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n`;

  test('is read and written as published', () => {
    const checkpoint = parseCheckpoint(published);
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
    expect(checkpointText(checkpoint)).toBe(published);
  });

  test.each<[string, string]>([
    ['an extension line', `${published}more\n`],
    ['no origin', published.replace(/.*\n/, '\n')],
    ['a size with a zero before it', published.replace('208', '0208')],
    ['a size with a sign', published.replace('208', '+208')],
    ['a size beyond 2^53', published.replace('20852163', '9007199254740993')],
    ['a root of 31 bytes', published.replace('q2I=', 'qw==')],
    ['a root with spare bits', published.replace('q2I=', 'q2J=')],
    ['no end of its last line', published.slice(0, -1)],
    ['a root where the tree is empty', published.replace('20852163', '0')],
  ])('has not %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(NoteFault);
  });
});

describe('growth', () => {
  const leaves = ['a', 'b', 'c'].map((one) => leafHash(one));
  const at = (size: number) => ({ origin: 'o', size, root: merkleRoot(leaves.slice(0, size)) });
  const hashes = consistencySpans(2, 3).map(({ begin, end }) => merkleRoot(leaves.slice(begin, end)));

  test('is what a proof proves, or from nothing, or none', () => {
    expect(isGrowth(at(2), at(3), hashes)).toBe(true);
    expect(isGrowth(at(0), at(3), [])).toBe(true);
    expect(isGrowth(at(3), at(3), [])).toBe(true);
    expect(isGrowth(at(0), at(0), [])).toBe(true);
  });

  test('is not what another log has, what shrank, what is not proved, and what grew from nothing with a proof', () => {
    expect(isGrowth(at(2), { ...at(3), origin: 'p' }, hashes)).toBe(false);
    expect(isGrowth(at(3), at(2), [])).toBe(false);
    expect(isGrowth(at(2), at(3), [])).toBe(false);
    expect(isGrowth(at(2), { ...at(2), root: leaves[0]! }, [])).toBe(false);
    expect(isGrowth(at(0), at(3), hashes)).toBe(false);
    expect(isGrowth({ ...at(0), root: leaves[0]! }, at(3), [])).toBe(false);
    expect(isGrowth(at(0), { ...at(0), root: leaves[0]! }, [])).toBe(false);
  });
});

describe('the text of a head', () => {
  const head = {
    stream: 'session:018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12',
    sequence: 17,
    event_hash: EMPTY_ROOT,
    at: '2026-09-24T10:11:12.345Z',
  };

  test('comes back as it was', () => {
    expect(parseHeadText(headText(head))).toEqual(head);
  });

  test('has neither a line more nor less, nor another beginning', () => {
    const text = headText(head);
    for (const bad of [`${text}x\n`, text.slice(0, -1), text.replace('/1', '/2'), text.replace('17', '017'), '']) {
      expect(() => parseHeadText(bad)).toThrow(NoteFault);
    }
  });
});
