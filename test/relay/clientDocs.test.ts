/** The examples of docs/client.md are run as they stand there, against a real server. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, must, openSession, post } from '../support/client.ts';
import { hear } from '../support/heard.ts';
import { createMatches } from '../support/matches.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const [whole, pieces, folded, board] = [
  ...readFileSync(join(ROOT, 'docs/client.md'), 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm),
].map(([, code]) => code!);

let stack: Stack;
let people: Cast;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
});
afterAll(() => stack?.stop());

/** What it printed. @throws where it did not end well */
async function run(code: string, SESSION: string, MATCH = ''): Promise<string> {
  const { PATH = '' } = process.env;
  const env = { PATH, RELAY: stack.relayUrl, API: stack.url, SESSION, MATCH, TOKEN: people.student.token };
  const child = spawn(process.execPath, ['--input-type=module', '-'], { cwd: ROOT, env });
  child.stdin.end(code);
  const { out, err, ended } = hear(child);
  const status = await ended;
  if (status !== 0) throw new Error(`ended with ${status}: ${err()}`);
  return out();
}

describe.skipIf(isLeftOut)(`the examples, ${kind}`, () => {
  test('one prints every event to the last', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await must(post(stack.url, `${path}/complete`, people.presiding));
    expect(await run(whole!, session_id)).toBe('1 SESSION_CREATED\n2 SESSION_STARTED\n3 SESSION_COMPLETED\n');
  });

  test('one begins with a snapshot, and tells clock and position', async () => {
    const { session_id } = await openSession(stack.url, people);
    expect(await run(pieces!, session_id)).toBe('active unverified\nnull 2\n');
  });

  test('one has a snapshot confirmed', async () => {
    const { session_id } = await openSession(stack.url, people);
    expect(await run(folded!, session_id)).toBe("{ verification: 'confirmed' }\n");
  });

  test('one follows a match', async () => {
    const matches = createMatches(stack.pool, stack.backbones[0]!.fanout);
    const { id } = await matches.make({ institution_id: people.institution_id });
    expect(await run(board!, '', id)).toBe('0 live null\n');
  });

  test('one says why it was refused', async () => {
    const nobody = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
    expect(await run(pieces!, nobody)).toBe('refused: not_found\n');
  });
});
