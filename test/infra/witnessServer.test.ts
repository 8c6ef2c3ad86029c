/** What a witness says over HTTP, and what it does not read to its end. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MOST_REQUEST_BYTES } from '../../src/core/proof/witness.ts';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';
import type { WitnessAnswer } from '../../src/infra/witness/witness.ts';
import { createWitnessServer } from '../../src/infra/witness/witnessServer.ts';

let url: string;
let answers: WitnessAnswer | Error;
let bodies: string[];
const failures: string[] = [];
const server = () =>
  createWitnessServer(
    {
      async answer(body) {
        bodies.push(body);
        if (answers instanceof Error) throw answers;
        return answers;
      },
    },
    (error) => failures.push(error.message),
  );
let listening: ReturnType<typeof server>;

beforeEach(async () => {
  bodies = [];
  listening = server();
  url = `http://127.0.0.1:${await listen(listening, '127.0.0.1', 0, 0)}/add-checkpoint`;
});
afterEach(() => closeServer(listening));

async function post(body: string | Uint8Array<ArrayBuffer>, to = url) {
  const res = await fetch(to, { method: 'POST', body });
  return { status: res.status, type: res.headers.get('content-type'), body: await res.text() };
}

test.each<[WitnessAnswer, string, string]>([
  [{ status: 200, line: '\u2014 w line\n' }, 'text/plain; charset=utf-8', '\u2014 w line\n'],
  [{ status: 409, reason: 'older', size: 12 }, 'text/x.tlog.size', '12\n'],
  [{ status: 409, reason: 'fork' }, 'text/plain; charset=utf-8', 'fork\n'],
  [{ status: 422, reason: 'no proof' }, 'text/plain; charset=utf-8', 'no proof\n'],
])('%j is answered as the specification says', async (answer, type, body) => {
  answers = answer;
  expect(await post('old 1\n\u2014')).toEqual({ status: answer.status, type, body });
  expect(bodies).toEqual(['old 1\n\u2014']);
});

test('a body that is too large, no text, for another path or by another method is not judged', async () => {
  expect((await post('a'.repeat(MOST_REQUEST_BYTES + 1))).status).toBe(413);
  expect((await post(new Uint8Array([0xff]))).status).toBe(400);
  expect((await post('old', url.replace('add', 'sign'))).status).toBe(404);
  expect((await fetch(url)).status).toBe(405);
  expect(bodies).toEqual([]);
});

test('a fault is a 500 without a word of what it was', async () => {
  answers = new Error('the disk is full');
  expect(await post('old')).toMatchObject({ status: 500, body: 'the witness cannot answer\n' });
  expect(failures).toEqual(['the disk is full']);
});
