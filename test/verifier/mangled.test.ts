/**
 * Whatever is done to the bytes that a stranger hands over, a parser says no in its own words or reads the same as before: nothing
 * else is ever thrown, and nothing that was changed is ever accepted. FUZZ_SEED=<n> repeats a run.
 */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { sha256 } from '../../src/core/chain/sha256.ts';
import { checkpointText, parseCheckpoint } from '../../src/core/proof/checkpoint.ts';
import { headText, parseHeadText } from '../../src/core/proof/headNote.ts';
import { parseVkey, vkeyOf } from '../../src/core/proof/keys.ts';
import { inclusionSpans, merkleRoot } from '../../src/core/proof/merkle.ts';
import { formatNote, NoteFault, parseNote } from '../../src/core/proof/note.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import { provesConsistency, provesInclusion } from '../../src/core/proof/proofs.ts';
import { parseTilePath, tilePath } from '../../src/core/proof/tiles.ts';
import { foldBundle } from '../../src/fold/foldBundle.ts';
import { zipped } from '../../src/infra/zipWriter.ts';
import { verifyBundle } from '../../src/verifier/verifyBundle.ts';
import { verifyZip } from '../../src/verifier/verifyZip.ts';
import { bundleOf, filesOf, historyOf, sourceOf } from '../support/bundles.ts';
import { isEverything } from '../support/everything.ts';
import { consistencyOf, logKey, noteOf, otherLeaves, sealed, VKEY } from '../support/sealedBundles.ts';

vi.setConfig({ testTimeout: 120_000 });

const seed = Number(process.env.FUZZ_SEED ?? 20_261_122);
const many = (numRuns: number) => ({ seed, numRuns: isEverything ? 20 * numRuns : numRuns });

/** A few bytes of it turned, taken out, put in, doubled, cut off, or exchanged. */
const mangling = fc.array(
  fc.record({
    how: fc.constantFrom('turn', 'set', 'insert', 'remove', 'double', 'cut', 'exchange'),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    to: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('\n\r 0"{}[],:\\\u2014'))),
  }),
  { minLength: 1, maxLength: 3 },
);
type Mangling = typeof mangling extends fc.Arbitrary<infer T> ? T : never;

function mangled(bytes: Uint8Array, changes: Mangling): Buffer {
  let own = Buffer.from(bytes);
  for (const { how, at, to, byte } of changes) {
    if (own.length === 0) break;
    const [i, j] = [Math.floor(at * own.length), Math.floor(to * own.length)];
    const [from, end] = [Math.min(i, j), Math.max(i, j) + 1];
    const of = (...parts: Uint8Array[]) => Buffer.concat(parts);
    if (how === 'turn') own[i]! ^= 1 << (byte % 8);
    else if (how === 'set') own[i] = byte;
    else if (how === 'insert') own = of(own.subarray(0, i), Buffer.of(byte), own.subarray(i));
    else if (how === 'remove') own = of(own.subarray(0, from), own.subarray(end));
    else if (how === 'double') own = of(own.subarray(0, end), own.subarray(from));
    else if (how === 'cut') own = own.subarray(0, i);
    else [own[i], own[j]] = [own[j]!, own[i]!];
  }
  return own;
}

/** As it was, or refused with a fault of this kind. */
function readsTheSame<T>(
  text: string,
  read: (text: string) => T,
  write: (value: T) => string,
  Fault: new (...args: never[]) => Error,
) {
  fc.assert(
    fc.property(mangling, (changes) => {
      const changed = mangled(Buffer.from(text), changes).toString();
      let value: T;
      try {
        value = read(changed);
      } catch (fault) {
        expect(fault).toBeInstanceOf(Fault);
        return;
      }
      expect(write(value)).toBe(changed);
    }),
    many(200),
  );
}

/** What a parser that answers undefined refuses. */
class Refused extends Error {}
const demanded =
  <T>(read: (text: string) => T | undefined) =>
  (text: string): T => {
    const value = read(text);
    if (value === undefined) throw new Refused();
    return value;
  };

describe('mangled in any way', () => {
  const leaves = otherLeaves(0, 21);
  const note = noteOf(leaves);
  const head = {
    stream: 'session:018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12',
    sequence: 17,
    event_hash: sha256('x'),
    at: '2026-09-24T10:11:12.345Z',
  };

  test('what is still read as a note, a checkpoint, a head, a key or the path of a tile is that, letter for letter', () => {
    readsTheSame(note, parseNote, formatNote, NoteFault);
    readsTheSame(note.slice(0, note.indexOf('\n\n') + 1), parseCheckpoint, checkpointText, NoteFault);
    readsTheSame(headText(head), parseHeadText, headText, NoteFault);
    readsTheSame(vkeyOf(logKey), demanded(parseVkey), vkeyOf, Refused);
    const path = ({ width, ...id }: NonNullable<ReturnType<typeof parseTilePath>>) => tilePath(id, width);
    for (const one of ['0/x001/x234/067', '3/000.p/17']) readsTheSame(one, demanded(parseTilePath), path, Refused);
  });

  test('no checkpoint is signed any more, by any line of it', async () => {
    const { text } = parseNote(note);
    await fc.assert(
      fc.asyncProperty(mangling, async (changes) => {
        const changed = mangled(Buffer.from(note), changes).toString();
        const opened = await openNote(changed, [logKey]).catch((fault) => fault);
        if (!(opened instanceof NoteFault)) expect(opened.text).toBe(text);
      }),
      many(100),
    );
  });

  test('a proof of a leaf or of growth proves nothing', () => {
    const root = merkleRoot(leaves);
    const inclusion = (index: number) =>
      inclusionSpans(index, 21).map(({ begin, end }) => merkleRoot(leaves.slice(begin, end)));
    const proved = (text: string): boolean => {
      const { index, size, leaf, from, to, old, hashes } = JSON.parse(text);
      if (from === undefined) return provesInclusion({ index, size, leaf, hashes }, root);
      return provesConsistency({ from, to, hashes }, old, root);
    };
    for (const at of [0, 7, 16, 20]) {
      const one = { index: at, size: 21, leaf: leaves[at], hashes: inclusion(at) };
      const grown = {
        from: at + 1,
        to: 21,
        old: merkleRoot(leaves.slice(0, at + 1)),
        hashes: consistencyOf(leaves, at + 1),
      };
      for (const proof of at < 20 ? [one, grown] : [one]) {
        const text = JSON.stringify(proof);
        expect(proved(text)).toBe(true);
        fc.assert(
          fc.property(mangling, (changes) => {
            const changed = mangled(Buffer.from(text), changes).toString();
            let proves = false;
            try {
              proves = proved(changed);
            } catch (fault) {
              // JSON that is none, or without its hashes: no parser of ours reads that.
              expect([SyntaxError, TypeError].some((kind) => fault instanceof kind)).toBe(true);
            }
            if (proves) expect(JSON.parse(changed)).toMatchObject(proof);
          }),
          many(50),
        );
      }
    }
  });
});

describe('a bundle mangled in any file', () => {
  const bundle = sealed(bundleOf(historyOf('0.1.0-hearing.ndjson 1').events));
  const files = filesOf(bundle);
  const options = { level: 'anchored', keys: [VKEY], fold: foldBundle } as const;

  /** What stands in the file, for a reader: a line more or less at its end, and spaces of JSON, say nothing. */
  const said = (name: string, file: Uint8Array): unknown => {
    const text = Buffer.from(file).toString();
    return name.endsWith('.json') ? JSON.parse(text) : text.replace(/\n$/, '');
  };

  test.each(['events.ndjson', 'payloads.ndjson', 'checkpoint.note', 'proof.json'])(
    'is intact nowhere: %s',
    async (name) => {
      const file = files.get(name)!;
      await fc.assert(
        fc.asyncProperty(mangling, async (changes) => {
          const changed = mangled(file, changes);
          const { verdict } = await verifyBundle(sourceOf(new Map(files).set(name, changed)), options);
          if (verdict === 'intact@anchored') expect(said(name, changed)).toEqual(said(name, file));
        }),
        many(40),
      );
    },
  );

  test('a session that says otherwise is found, or says nothing that the events know', async () => {
    const file = files.get('session.json')!;
    const session = JSON.parse(bundle.session);
    const known = ['id', 'head', 'status', 'title', 'integrity_hash', 'participants_count', 'metadata'];
    await fc.assert(
      fc.asyncProperty(mangling, async (changes) => {
        const changed = mangled(file, changes);
        const { verdict } = await verifyBundle(sourceOf(new Map(files).set('session.json', changed)), options);
        if (verdict !== 'intact@anchored') return;
        const own = JSON.parse(changed.toString());
        for (const name of known) expect(own[name]).toEqual(session[name]);
      }),
      many(40),
    );
  });

  test('as a zip is read or refused, and is intact only where its files are what they were', async () => {
    async function* entries() {
      for (const [name, file] of files) yield { name, pieces: [file] };
    }
    const parts: Uint8Array[] = [];
    for await (const part of zipped(entries() as never)) parts.push(part);
    const zip = Buffer.concat(parts);
    expect((await verifyZip(new Blob([zip]), options)).verdict).toBe('intact@anchored');
    await fc.assert(
      fc.asyncProperty(mangling, async (changes) => {
        const { verdict, counts } = await verifyZip(new Blob([Uint8Array.from(mangled(zip, changes))]), options);
        if (verdict === 'intact@anchored') expect(counts).toMatchObject({ events: 14, payloads: 14, leaves: 14 });
      }),
      many(40),
    );
  });
});
