/** Events that are told to be sound by their bytes, beside the reader of text: whatever is changed, both come to the same report. */
import { expect, test } from 'vitest';
import { chainEvent, EMPTY_HEAD, type EventRow, exportedEvent, headAfter } from '../../src/core/chain/ledger.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { sessionStream } from '../../src/court/sessions/session.ts';
import { payloadLineText } from '../../src/verifier/payloads.ts';
import type { StateFold } from '../../src/verifier/sessionFile.ts';
import type { BundleSource } from '../../src/verifier/source.ts';
import { type VerifyOptions, verifyBundle } from '../../src/verifier/verifyBundle.ts';
import { envelopeOf, filesOf, sourceOf } from '../support/bundles.ts';
import { isEverything } from '../support/everything.ts';
import { sealed, VKEY } from '../support/sealedBundles.ts';

const SESSION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';

/** What it is told is kept in `told`. */
function foldInto(told: unknown[]): StateFold {
  return { add: (event, payload) => void told.push([event, payload]), compare: () => ({ why: 'of nothing' }) };
}

/** Line by line: the reader of bytes takes only what is at hand of both files, and so leaves everything to the reader of text. */
function asText(files: Map<string, Uint8Array>): BundleSource {
  async function* linesOf(file: Uint8Array) {
    for (let at = 0; at < file.length; ) {
      const end = file.indexOf(0x0a, at) + 1 || file.length;
      yield file.subarray(at, end);
      at = end;
    }
  }
  const open = (name: string) => (files.has(name) ? linesOf(files.get(name)!) : undefined);
  return { names: () => [...files.keys()], open };
}

function bundleOf(...events: [type: string, payload: JsonObject, actor?: string][]) {
  const rows: EventRow[] = [];
  for (const [n, [type, payload, actor = 'system']] of events.entries()) {
    const head = rows.length === 0 ? EMPTY_HEAD : headAfter(rows.at(-1)!);
    const id = `018f3c1e-7b2a-7c11-9d0e-2f4b6a8c${String(n + 1).padStart(4, '0')}`;
    const at = `2026-11-22T10:00:0${Math.min(9, n >> 1)}.000Z`;
    rows.push(chainEvent(`session:${SESSION}`, head, { kind: 'session', type, payload }, id, actor, at));
  }
  const { event_hash, sequence } = rows.at(-1)!;
  return sealed({
    events: rows.map((row) => envelopeOf(exportedEvent(row, sessionStream) as never)),
    payloads: rows.map((row) =>
      payloadLineText({ sequence: row.sequence, salt: row.payload_salt!, payload: row.payload! }),
    ),
    session: JSON.stringify({ id: SESSION, head: { event_sequence: sequence, event_hash }, integrity_hash: null }),
    more: {},
  });
}

const note = (text: string): [string, JsonObject] => ['BENCH_NOTE', { text }];
const clean = bundleOf(
  ['SESSION_CREATED', {}],
  note('plain'),
  note('"quoted" \\ back, \b\f\n\r\t and all'),
  note('Größe — 😀 \u2028 \u007f'),
  note('\u0001 a control character, and /'),
  ['T1_', { n: 1, list: [null, true, {}] }, 'a-b:c_1'],
  note('the last'),
);

/** The reports of the reader of bytes and of the reader of text, and what both tell the fold. */
async function both(files: Map<string, Uint8Array>, options: Partial<VerifyOptions> = {}, piece_bytes = 1_000_000) {
  const given: VerifyOptions = { level: 'anchored', keys: [VKEY], ...options };
  const report = async (source: BundleSource) => {
    const told: unknown[] = [];
    const found = await verifyBundle(source, { ...given, fold: () => foldInto(told) });
    return { ...found, told: found.findings.length === 0 ? told : [] };
  };
  return { bytes: await report(sourceOf(files, piece_bytes)), text: await report(asText(files)) };
}

test('sound events are counted, hashed and proved as by the reader of text, in pieces of any length', async () => {
  for (const piece_bytes of [1, 7, 300, 5_000, 1_000_000]) {
    const { bytes, text } = await both(filesOf(clean), {}, piece_bytes);
    expect(bytes).toEqual(text);
    expect(bytes).toMatchObject({ verdict: 'intact@anchored', counts: { events: 7, payloads: 7, leaves: 7 } });
    expect(bytes.told).toHaveLength(7);
  }
});

test('lines that do not end, and a last line that does not, are the same to both', async () => {
  const files = filesOf(clean);
  for (const name of ['events.ndjson', 'payloads.ndjson']) {
    for (const cut of [1, 2, 3, 40]) {
      const { bytes, text } = await both(new Map([...files, [name, files.get(name)!.slice(0, -cut)]]));
      expect(bytes).toEqual(text);
      expect(`${cut} ${bytes.verdict}`).toBe(`${cut} ${cut === 1 ? 'intact@anchored' : 'tampered'}`);
    }
  }
});

const CHANGES: { [how: string]: (file: Uint8Array, at: number) => Uint8Array } = {
  'a bit turned': (file, at) => file.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte)),
  'a byte left out': (file, at) => Uint8Array.from([...file.subarray(0, at), ...file.subarray(at + 1)]),
  'a byte doubled': (file, at) =>
    Uint8Array.from([...file.subarray(0, at), ...file.subarray(at)].toSpliced(at, 0, file[at]!)),
  'a backslash put in': (file, at) => Uint8Array.from([...file].toSpliced(at, 0, 0x5c)),
  'a newline put in': (file, at) => Uint8Array.from([...file].toSpliced(at, 0, 0x0a)),
  'a byte that is no UTF-8': (file, at) => file.map((byte, i) => (i === at ? 0xff : byte)),
};

/** Prime to the bits of a byte, and another for each change. */
const EVERY = isEverything ? 1 : 11;

test.each(Object.entries(CHANGES))('%s is found, and told as by the reader of text', async (_, change) => {
  const files = filesOf(clean);
  for (const name of ['events.ndjson', 'payloads.ndjson']) {
    const file = files.get(name)!;
    // The last line need not end.
    for (let at = 0; at < file.length - 1; at += EVERY) {
      const { bytes, text } = await both(new Map([...files, [name, change(file, at)]]), { level: 'self' });
      expect(bytes).toEqual(text);
      expect(`${name} ${at} ${bytes.verdict}`).toBe(`${name} ${at} tampered`);
    }
  }
});

test('an event after the end, of an earlier time, or of another stream is told where it stands', async () => {
  const ended = bundleOf(note('a'), note('b'), ['SESSION_COMPLETED', {}], note('c'), note('d'));
  const { bytes, text } = await both(filesOf(ended));
  expect(bytes).toEqual(text);
  expect(bytes.findings).toMatchObject([{ check: 'ending', event_sequence: 4 }]);
});

test('progress is told every thousand events, whoever read them', async () => {
  const long = filesOf(bundleOf(...Array.from({ length: 2_500 }, (_, n) => note(`${n}`))));
  for (const source of [sourceOf(long, 65_536), asText(long)]) {
    const told: number[] = [];
    const options = { level: 'self' as const, progress: (events: number) => void told.push(events) };
    expect(await verifyBundle(source, options)).toMatchObject({ verdict: 'intact@self' });
    expect(told).toEqual([1_000, 2_000]);
  }
});
