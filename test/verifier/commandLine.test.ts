/** `plearoll verify`: exit codes, the report for people and the one for programs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProgress } from '../../src/cli/progress.ts';
import { verify } from '../../src/cli/verify.ts';
import { bundleOf, filesOf, historyOf } from '../support/bundles.ts';
import { VKEY } from '../support/sealedBundles.ts';

let folder: string;
const clean = filesOf(bundleOf(historyOf('0.1.0-hearing.ndjson 1').events));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  for (const [name, file] of clean) writeFileSync(join(folder, name), file);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') =>
    new Writable({
      write(text, _, done) {
        written[name] += text;
        done();
      },
    });
  const signal = new AbortController().signal;
  const code = await verify.run(args, { env: {}, out: stream('out'), err: stream('err'), signal });
  return { code, ...written };
}

const self = ['--level', 'self'];

test('an intact bundle ends with 0 and says at which level', async () => {
  const { code, out } = await run(folder, ...self);
  expect(out).toMatch(/^INTACT \(self\)/);
  expect(out).toContain('head     14 ');
  expect(code).toBe(0);
});

test('a changed one ends with 1 and shows the first broken place', async () => {
  const events = Buffer.from(clean.get('events.ndjson')!).toString();
  writeFileSync(join(folder, 'events.ndjson'), events.replace('BENCH_NOTE', 'BENCH_VOTE'));
  const { code, out } = await run(folder, ...self);
  const json = await run(folder, ...self, '--json');
  writeFileSync(join(folder, 'events.ndjson'), events);
  expect(code).toBe(1);
  expect(out).toMatch(
    /^TAMPERED[\s\S]*The first broken place:\n {2}link at sequence 6 of session:[\w-]+: .*\n {4}expected \w{64}/,
  );
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({ verdict: 'tampered', findings: [{ check: 'link', event_sequence: 6 }] });
});

test('what is no bundle ends with 2, an empty folder too', async () => {
  const file = join(folder, 'session.json');
  const { code, out } = await run(file, ...self);
  expect(out).toMatch(/^UNVERIFIABLE[\s\S]*not verified: The bundle cannot be read: it is no zip/);
  expect(code).toBe(2);
  const empty = mkdtempSync(join(tmpdir(), 'bundle-'));
  expect((await run(empty, ...self)).code).toBe(2);
  rmSync(empty, { recursive: true });
});

test.each([
  [[], 'is missing'],
  [['a', 'b'], 'one too many'],
  [['.', '--key', VKEY, '--checkpoint', '/nowhere/note'], '--checkpoint: ENOENT'],
  [['/nowhere/a.zip', '--key', 'x'], 'there is no /nowhere/a.zip'],
  [['.'], '--key is needed'],
  [['.', '--level', 'log'], '--level'],
  [['.', '--key', 'no key'], 'is no verifier key'],
  [['.', '--kei', 'x'], 'kei'],
])('%j is wrong usage, and ends with 3', async (args, what) => {
  const { code, out, err } = await run(...args);
  expect(err).toContain(what);
  expect(err).toContain('usage: plearoll verify');
  expect({ code, out }).toEqual({ code: 3, out: '' });
});

test('long work is shown on a terminal, and nowhere else', () => {
  let now = 0;
  const drawn = (isTTY: boolean) => {
    const texts: string[] = [];
    const terminal = { isTTY, write: (text: string) => texts.push(text) > 0 };
    now = 0;
    const progress = startProgress(terminal as never, () => now);
    for (now = 0; now < 1_000; now += 50) progress.moveTo(now * 1_000);
    progress.end();
    return texts;
  };
  expect(drawn(false)).toEqual([]);
  expect(drawn(true)).toHaveLength(6);
  expect(drawn(true)[0]).toContain('events verified, 1,000,000 a second');
});
