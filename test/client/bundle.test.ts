/** The client as browsers get it: small, on its own, and the same in what it computes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 as inBrowsers, sha256Into as intoInBrowsers } from '../../src/core/chain/sha256.browser.ts';
import { sha256, sha256Into } from '../../src/core/chain/sha256.ts';
import { court } from '../../src/court/module.ts';
import { sessionStream } from '../../src/court/sessions/session.ts';
import { createFold as createFoldHere } from '../../src/fold/fold.ts';
import { zipped } from '../../src/infra/zipWriter.ts';
import { catalog } from '../../src/modules.ts';
import { type Bundle, bundleOf, filesOf } from '../support/bundles.ts';
import { histories } from '../support/histories.ts';
import { sealed, VKEY } from '../support/sealedBundles.ts';

const ROOT = join(import.meta.dirname, '../..');
const file = join(ROOT, 'dist/client/client.js');
const code = readFileSync(file, 'utf8');

test('it has less than 20 KB when compressed', () => {
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(20_000);
});

test('it imports nothing, and knows nothing of Node', () => {
  expect(/\bimport\b|\brequire\b|["'`]node:|\bBuffer\b|\bprocess\.(env|version)/.exec(code)).toBeNull();
  expect(/export\s*\{[^}]*\bas connect\b/.test(code)).toBe(true);
});

test('it is what `plearoll/client` names for browsers, and Node gets its own', async () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(exports['./client'].default).toBe('./dist/client/client.js');
  const resolved = createRequire(import.meta.url).resolve('plearoll/client');
  expect(resolved).toBe(join(ROOT, 'dist/src/client/node.js'));
  expect(Object.keys(await import(resolved)).sort()).toEqual(Object.keys(await import(file)).sort());
});

test('the fold stands beside it, apart from its size, and needs nothing of Node either', async () => {
  const fold = readFileSync(join(ROOT, 'dist/client/fold.js'), 'utf8');
  // Of what the rules of texts and of telephone numbers are made of there is nothing in it.
  expect(gzipSync(fold, { level: 9 }).length).toBeLessThan(80_000);
  expect(/^import\b|\brequire\(|["'`]node:/m.exec(fold)).toBeNull();
  const { createFold } = await import(join(ROOT, 'dist/client/fold.js'));
  const { session_id, events } = histories.find(({ events: all }) => all.at(-1)!.event_type === 'SESSION_COMPLETED')!;
  const inBrowser = createFold(session_id);
  const here = createFoldHere(session_id);
  for (const event of events) for (const one of [inBrowser, here]) one.add(event);
  expect(inBrowser.shown('')).toEqual(here.shown(''));
  expect(here.shown('')).toMatchObject({ session: { status: 'completed' }, head: inBrowser.position() });
});

test('the fold knows every event of a session: all of them are those of the court', () => {
  const ofSessions = [...catalog.events.values()].filter(({ stream }) => stream === sessionStream);
  const ofCourt = new Set([...court.commands, ...court.systemCommands].flatMap(({ records }) => records));
  expect(ofSessions.filter((event) => !ofCourt.has(event))).toEqual([]);
  expect(ofSessions.length).toBeGreaterThan(30);
});

test('the verifier stands beside it, needs nothing of Node, and comes to the same', async () => {
  const file = join(ROOT, 'dist/client/verifier.js');
  expect(/^import\b|\brequire\(|["'`]node:/m.exec(readFileSync(file, 'utf8'))).toBeNull();
  const { verifyZip } = await import(file);
  const clean = sealed(bundleOf(histories[0]!.events));
  const options = { level: 'anchored', keys: [VKEY] };
  const verdictOf = async (bundle: Bundle) => (await verifyZip(new Blob([await zipOf(bundle)]), options)).verdict;
  expect(await verdictOf(clean)).toBe('intact@anchored');
  expect(await verdictOf({ ...clean, events: clean.events.toSpliced(1, 1) })).toBe('tampered');
  expect((await verifyZip(new Blob(['no zip']), options)).verdict).toBe('unverifiable');
});

async function zipOf(bundle: Bundle): Promise<Buffer<ArrayBuffer>> {
  async function* entries() {
    for (const [name, content] of filesOf(bundle)) yield { name, pieces: Readable.from([content]) };
  }
  return Buffer.concat(await Readable.from(zipped(entries())).toArray());
}

test('its hashes are those of Node', () => {
  const part = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.uint8Array({ maxLength: 300 }));
  fc.assert(fc.property(fc.array(part, { maxLength: 4 }), (parts) => inBrowsers(...parts) === sha256(...parts)));
});

test('hashes that are written among other bytes are those of Node, and touch no others', () => {
  const input = new Uint8Array(200).map((_, i) => 7 * i).subarray(3, 180);
  const [here, there] = [new Uint8Array(40).fill(9), new Uint8Array(40).fill(9)];
  sha256Into(input, here, 5);
  intoInBrowsers(input, there, 5);
  expect(there).toEqual(here);
  expect(Buffer.from(here.subarray(5, 37)).toString('hex')).toBe(sha256(input));
  expect([...here.subarray(0, 5), ...here.subarray(37)]).toEqual(Array(8).fill(9));
});
