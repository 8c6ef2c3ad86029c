/** The client as browsers get it: small, on its own, and the same in what it computes. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 as inBrowsers } from '../../src/core/chain/sha256.browser.ts';
import { sha256 } from '../../src/core/chain/sha256.ts';
import { createFold as createFoldHere } from '../../src/fold/fold.ts';
import { histories } from '../support/histories.ts';

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
  expect(/^import\b|\brequire\(|["'`]node:/m.exec(fold)).toBeNull();
  const { createFold } = await import(join(ROOT, 'dist/client/fold.js'));
  const { session_id, events } = histories.find(({ events: all }) => all.at(-1)!.event_type === 'SESSION_COMPLETED')!;
  const inBrowser = createFold(session_id);
  const here = createFoldHere(session_id);
  for (const event of events) for (const one of [inBrowser, here]) one.add(event);
  expect(inBrowser.shown('')).toEqual(here.shown(''));
  expect(here.shown('')).toMatchObject({ session: { status: 'completed' }, head: inBrowser.position() });
});

test('its hashes are those of Node', () => {
  const part = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.uint8Array({ maxLength: 300 }));
  fc.assert(fc.property(fc.array(part, { maxLength: 4 }), (parts) => inBrowsers(...parts) === sha256(...parts)));
});
