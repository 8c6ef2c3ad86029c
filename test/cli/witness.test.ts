/** `plearoll witness`: what it needs, what it prints, and when it does not start. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { witness } from '../../src/cli/witness.ts';
import { parseVkey, vkeyOf } from '../../src/core/proof/keys.ts';
import { drawSeed, signingKey } from '../../src/core/proof/signNote.ts';
import { openTerminal } from '../support/terminal.ts';

const draw = (name: string, algorithm: 'ed25519' | 'cosignature' = 'ed25519') =>
  vkeyOf(signingKey(name, algorithm, drawSeed()));
const log = draw('court.example/log');

let folder: string;
let state: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plearoll-witness-'));
  state = join(folder, 'witness.state');
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each<[string, string[], string]>([
  ['without a log', ['--state', 'x'], '--log is needed'],
  ['without a state', ['--log', log], '--state is needed'],
  ['with what is no key', ['--log', log.slice(0, -3), '--state', 'x'], 'is no verifier key of a log'],
  ["with a witness's key for the log's", ['--log', draw('w', 'cosignature'), '--state', 'x'], 'is no verifier key of'],
  ['with keys of two logs', ['--log', log, '--log', draw('other'), '--state', 'x'], 'keys of several logs'],
  ['with a name that is none', ['--log', log, '--state', 'x', '--name', 'a b'], '--name: a b is no name'],
  ['with a port that is none', ['--log', log, '--state', 'x', '--port', 'http'], '--port: http is no port'],
])('%s it ends with 3 and the usage', async (_, args, complaint) => {
  const terminal = openTerminal();
  expect([await witness.run(args, terminal), terminal.said()]).toEqual([3, '']);
  expect(terminal.complained()).toContain(complaint);
});

/** Runs until it is ready, and is told to stop. */
async function runOnce(...args: string[]) {
  const stopping = new AbortController();
  const terminal = openTerminal();
  const out = {
    write: (text: string) => {
      terminal.out.write(text);
      stopping.abort();
    },
  };
  const code = await witness.run(args, { ...terminal, out: out as never, signal: stopping.signal });
  return { code, said: terminal.said(), complained: terminal.complained() };
}

test('it prints its key, the same at each start, and where it listens; told to stop it ends with 0', async () => {
  const args = ['--log', log, '--state', state, '--name', 'witness.example/w1', '--port', '0'];
  const { code, said } = await runOnce(...args);
  const [vkey, ready] = said.split('\n');
  expect(code).toBe(0);
  expect(parseVkey(vkey!)).toMatchObject({ name: 'witness.example/w1', algorithm: 'cosignature' });
  expect(ready).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/);
  expect((await runOnce(...args)).said).toContain(vkey);
  rmSync(state);
  const { code: lost, complained } = await runOnce(...args);
  expect([lost, existsSync(state)]).toEqual([1, false]);
  expect(complained).toMatch(/^Not started: .*put it back, or begin with a new key$/m);
});

test('the state of another log is not taken for that of this one', async () => {
  await runOnce('--log', draw('other'), '--state', state, '--port', '0');
  const { code, complained } = await runOnce('--log', log, '--state', state, '--port', '0');
  expect([code, complained]).toEqual([1, expect.stringContaining('is the state of other')]);
});
