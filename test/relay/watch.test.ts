/** `plearoll watch` as it is run: what it prints of a session, and how it ends. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, must, openSession, post } from '../support/client.ts';
import { hear } from '../support/heard.ts';
import { type Liar, startLiar } from '../support/liar.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const PROGRAM = join(process.cwd(), 'dist/src/cli/plearoll.js');

let stack: Stack;
let people: Cast;
let liar: Liar | undefined;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
});
afterEach(async () => {
  await liar?.stop();
  liar = undefined;
});
afterAll(() => stack?.stop());

function run(args: string[], env: Record<string, string> = { PLEAROLL_TOKEN: people.student.token }) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { PATH: process.env.PATH!, ...env } });
  return { child, ...hear(child) };
}

describe.skipIf(isLeftOut)(`watch, ${kind}`, () => {
  test('prints each event as it happens with its mark, and is quiet about its end on Ctrl-C', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { child, ended, out, err } = run(['watch', stack.relayUrl, session_id]);
    await until('it is live', () => err().includes('live\n'));
    await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'CASE_CALLED', details: {} }));
    await until('the event', () => out().includes('CASE_CALLED'));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    const { logs } = await must(get(stack.url, `${path}/logs`, people.admin));
    const lines = out().trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const [i, line] of lines.entries()) {
      const { event_type, event_hash } = logs[i];
      expect(line).toMatch(new RegExp(`^✓ +${i + 1}  \\S+Z  ${event_type} .* ${event_hash.slice(0, 16)}…$`));
    }
    expect(err()).toBe('syncing\nlive\nclosed\n');
  });

  test('as JSON prints the events as the log has them, from where it is told, to the last of the session', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    await must(post(stack.url, `${path}/complete`, people.presiding));
    const { ended, out } = run(['watch', stack.relayUrl, session_id, '--json', '--from', '1']);
    expect(await ended).toBe(0);
    const lines = out()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { logs } = await must(get(stack.url, `${path}/logs`, people.admin));
    const events = lines.filter(({ type }) => type === 'EVENT').map(({ type: _, ...event }) => event);
    expect(events).toEqual(logs.slice(1).map((event: object) => ({ verified: true, ...event })));
    expect(lines.filter(({ type }) => type === 'STATE').map(({ state }) => state)).toContain('syncing');
  });

  test.each([true, false])(
    'ends with 1 where the chain breaks, and shows nothing after it, json %s',
    async (isJson) => {
      const { session_id, path } = await openSession(stack.url, people);
      await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'CASE_CALLED', details: { n: 1 } }));
      await must(post(stack.url, `${path}/log`, people.presiding, { event_type: 'AFTERWARDS', details: {} }));
      liar = await startLiar(stack.relayUrl, (_, text) => [text.replace('"n":1', '"n":2')]);
      const { ended, out } = run(['watch', liar.url, session_id, ...(isJson ? ['--json'] : [])]);
      expect(await ended).toBe(1);
      if (isJson) expect(out()).toMatch(/\{"type":"BROKEN","verified":false,"code":"commitment","event_sequence":3,/);
      else expect(out()).toMatch(/^✗ {5}3 {2}the chain is broken here \(commitment\)/m);
      expect(out().match(/SESSION_(CREATED|STARTED)/g)).toHaveLength(2);
      expect(out()).not.toContain('AFTERWARDS');
      expect(out()).not.toContain('CASE_CALLED');
    },
  );

  test.each([
    ['no session', ['watch', 'http://127.0.0.1:1']],
    ['a session that is no id', ['watch', 'http://127.0.0.1:1', 'x']],
    ['an address of another kind', ['watch', 'file:///x', '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12']],
    ['an unknown option', ['watch', 'http://127.0.0.1:1', '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12', '--loud']],
    [
      'a position that is none',
      ['watch', 'http://127.0.0.1:1', '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12', '--from', '-1'],
    ],
    ['an unknown command', ['listen']],
  ])('with %s ends with 2 and says how it is used', async (_, args) => {
    const { ended, out, err } = run(args);
    expect(await ended).toBe(2);
    expect(out()).toBe('');
    expect(err()).toContain('usage: plearoll');
  });

  test('ends when nobody reads what it prints', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const { child, ended, err } = run(['watch', stack.relayUrl, session_id]);
    await until('it is live', () => err().includes('live\n'));
    child.stdout.destroy();
    const again = setInterval(() => {
      void post(stack.url, `${path}/log`, people.presiding, { event_type: 'NOTE', details: {} });
    }, 200);
    expect(await ended).toBe(0);
    clearInterval(again);
  });
});
