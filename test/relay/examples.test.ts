/** What stands in `examples/` to begin from does what it says. The pages are tried in livePage.test.ts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must } from '../support/client.ts';
import { hear } from '../support/heard.ts';
import { playWholeRound } from '../support/playRound.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const EXAMPLES = join(process.cwd(), 'examples');
const [DRAW, PEOPLE] = [join(EXAMPLES, 'draw.csv'), join(EXAMPLES, 'people.csv')];

let stack: Stack;
let people: Cast;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plearoll-examples-'));
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stack?.stop();
});

async function example(name: string, args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(EXAMPLES, name), ...args], { env: { PATH: process.env.PATH!, ...env } });
  const { out, err, ended } = hear(child);
  return { code: await ended, out: out(), err: err() };
}

describe.skipIf(isLeftOut)(`the examples, ${kind}`, () => {
  const importDraw = (draw: string, url = stack.url) =>
    example('importDraw.mjs', [draw, PEOPLE, url], { PLEAROLL_TOKEN: people.admin.token });
  const draw = (name: string, change: (lines: string[]) => string[]) => {
    const file = join(folder, name);
    writeFileSync(file, change(readFileSync(DRAW, 'utf8').trimEnd().split('\n')).join('\r\n'));
    return file;
  };
  const count = async () => (await must(get(stack.url, '/api/assignment/list?limit=200', people.admin))).items.length;

  test('a draw of forty matches is imported, and once, however often it is run', async () => {
    const first = await importDraw(DRAW);
    expect([first.code, first.err]).toEqual([0, '']);
    expect(first.out).toMatch(/^line 2: Meridian v\. Pinnacle, opening match: [0-9a-f-]{36}$/m);
    expect(first.out).toMatch(/40 of 40 matches stand\.\n$/);
    expect(await count()).toBe(40);
    const ids = (out: string) => out.match(/[0-9a-f-]{36}$/gm);
    expect(ids((await importDraw(DRAW)).out)).toEqual(ids(first.out));
    expect(await count()).toBe(40);
    const { items } = await must(get(stack.url, '/api/assignment/list?limit=200', people.admin));
    const opening = items.find(({ title }: Json) => title.endsWith(', opening match'));
    expect(opening).toMatchObject({
      courtroom: 'Courtroom 1',
      scheduled_at: '2027-03-01T08:30:00.000Z',
      petitioner: [{ name: 'Ada Petrova' }, { name: 'Rui Santos' }],
      panel: [{ name: 'Judge Okafor', presiding: true }],
    });
  });

  test.each<[string, (lines: string[]) => string[], RegExp]>([
    [
      'a name that nobody has',
      (lines) => [...lines, 'A v. B,1,2027-03-01T09:30Z,Nobody,Rui Santos,Judge Wu,public'],
      /^line 42: Nobody is not in .*people\.csv$/m,
    ],
    [
      'a time without a zone',
      (lines) => [lines[0]!, 'A v. B,1,2027-03-01T09:30,Ada Petrova,Rui Santos,Judge Wu,public'],
      /^line 2: .* needs a zone/m,
    ],
  ])('with %s nothing is sent', async (name, change, complaint) => {
    const before = await count();
    const { code, err } = await importDraw(draw(`${name}.csv`, change));
    expect([code, err]).toEqual([1, expect.stringMatching(complaint)]);
    expect(await count()).toBe(before);
  });

  test('what the server refuses is told with its line, and the other lines stand', async () => {
    const row = (title: string, visibility: string) =>
      `"${title}",1,2027-03-05T09:30Z,Ada Petrova,Rui Santos,Judge Wu,${visibility}`;
    const file = draw('refused.csv', ([columns]) => [
      columns!,
      row('So-called ""A"" v. B', 'secret'),
      '',
      row('C v. D', 'public'),
    ]);
    const { code, out, err } = await importDraw(file);
    expect([code, err]).toEqual([1, expect.stringMatching(/^line 2: So-called "A" v\. B: refused: .*\/visibility/)]);
    expect(out).toMatch(/^line 4: C v\. D: [0-9a-f-]{36}\n(line 4: note: .*\n)*1 of 2 matches stand\.\n$/);
  });

  test('the bot says in words what happened, to a chat too, and ends with the session', async () => {
    const session = await playWholeRound(stack.url, people);
    const said: string[] = [];
    const chat = createServer(async (req, res) => {
      let body = '';
      for await (const part of req) body += part;
      said.push(JSON.parse(body).text);
      res.end();
    }).listen(0, '127.0.0.1');
    await once(chat, 'listening');
    const { port } = chat.address() as AddressInfo;
    const env = { PLEAROLL_TOKEN: people.admin.token, WEBHOOK_URL: `http://127.0.0.1:${port}` };
    const { code, out, err } = await example('bot.mjs', [session, stack.relayUrl], env);
    chat.close();
    expect([code, err]).toEqual([0, '']);
    expect(out.trimEnd().split('\n')).toEqual(said);
    expect(said[0]).toBe('The court is in session.');
    expect(said).toContainEqual(
      expect.stringMatching(/^.+ has the floor for the petitioner: argument, \d+:\d\d minutes\.$/),
    );
    expect(said.at(-1)).toMatch(/^The session is over, and its record is sealed with \d+ events\.$/);
  });

  test('the bot that is refused says why', async () => {
    const nowhere = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
    const refused = await example('bot.mjs', [nowhere, stack.relayUrl], { PLEAROLL_TOKEN: people.admin.token });
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/not_found|scope/) });
    expect((await example('bot.mjs', [])).code).toBe(2);
  });
});
