/** `GET /api/session/<id>/bundle`: what is downloaded verifies without the server, for everybody who may have it. */

import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldBundle } from '../../src/fold/foldBundle.ts';
import { readText } from '../../src/verifier/source.ts';
import { verifyBundle } from '../../src/verifier/verifyBundle.ts';
import { openZip } from '../../src/verifier/zip.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { anotherPdf, FORM, field, file, formOf } from '../support/exhibits.ts';
import { checkpointed, rewriteInDatabase } from '../support/log.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(isLeftOut)('a bundle', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    path = (await openSession(stack.url, people, { visibility: 'public' })).path;
    const act = async (verb: string, body: Json, who: Person) => must(post(stack.url, `${path}/${verb}`, who, body));
    await act('join', { role: 'petitioner' }, people.petitioner);
    for (let i = 0; i < 3; i += 1) {
      await act('log', { event_type: 'BENCH_NOTE', details: { text: `“Größe” — 😀\n${i}` } }, people.presiding);
    }
    const form = formOf(field('title', 'The charter party'), field('side', 'petitioner'), file(anotherPdf()));
    await must(post(stack.url, `${path}/exhibit/upload`, person('super_admin'), form, { 'content-type': FORM }));
  });
  afterAll(() => stack.stop());

  async function download(who: Person | null, method = 'GET') {
    const headers: Record<string, string> = who ? { authorization: `Bearer ${who.token}` } : {};
    const answer = await fetch(`${stack.url}${path}/bundle`, { method, headers });
    return { answer, zip: new Uint8Array(await answer.arrayBuffer()) };
  }

  async function reportOn(zip: Uint8Array) {
    const read = async (offset: number, length: number) => zip.subarray(offset, offset + length);
    const source = await openZip({ size: zip.length, read });
    return { source, report: await verifyBundle(source, { level: 'self', fold: foldBundle }) };
  }

  test('holds the events, the payloads and the files, and its session is what the events fold into', async () => {
    const { answer, zip } = await download(people.student);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(answer.headers.get('content-disposition')).toContain(`session-${path.split('/')[3]}.zip`);
    const { report } = await reportOn(zip);
    const session = await must(get(stack.url, path, people.student));
    expect(report).toMatchObject({ verdict: 'intact@self', findings: [], notes: [], head: session.head });
    expect(report.counts).toMatchObject({ exhibits: 1, session: 1, state: 1 });
  });

  test('is anchored in the newest checkpoint, and a superuser who rewrites the session whole is caught', async () => {
    const vkey = await checkpointed(stack);
    const { source } = await reportOn((await download(people.admin)).zip);
    const report = await verifyBundle(source, { level: 'anchored', keys: [vkey], fold: foldBundle });
    expect(report).toMatchObject({ verdict: 'intact@anchored', findings: [], reasons: [] });
    expect(report.counts.leaves).toBe(report.counts.events);
    expect(await readText(source, 'vkeys.txt', 1_000)).toBe(`${vkey}\n`);
    const stream = `session:${path.split('/')[3]}`;
    const undo = await rewriteInDatabase(stack.pool, stream, 4, (payload) => ({
      ...payload,
      details: { text: 'Another.' },
    }));
    const forged = (await reportOn((await download(people.admin)).zip)).source;
    const everything = await must(get(stack.url, '/integrity/global-verify', person('super_admin')));
    await undo();
    expect(everything.tamper_detected).toBe(true);
    const changedEvents = report.counts.events! - 3;
    expect(everything.log_issues).toHaveLength(changedEvents);
    expect(everything.log_issues[0]).toMatch(new RegExp(`^Leaf mismatch at \\d+: .*event 4 of ${stream}=`));
    const after = await must(get(stack.url, '/integrity/global-verify', person('super_admin')));
    expect(after).toMatchObject({ tamper_detected: false, log_issues: [] });
    expect(after.leaves_checked).toBeGreaterThan(changedEvents);
    expect((await verifyBundle(forged, { level: 'self', fold: foldBundle })).verdict).toBe('intact@self');
    const caught = await verifyBundle(forged, { level: 'anchored', keys: [vkey], fold: foldBundle });
    expect(caught).toMatchObject({ verdict: 'tampered', findings: [{ check: 'leaf' }] });
  });

  test('is the same to a Python script that uses none of our code', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
    writeFileSync(join(folder, 'bundle.zip'), (await download(people.admin)).zip);
    const script = join(import.meta.dirname, '../../examples/verify_bundle.py');
    const { status, stdout, error } = spawnSync('python3', [script, join(folder, 'bundle.zip')], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    if (!error) expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^INTACT in itself/) });
  });

  test('has no files for a reader without a token, who may have one at a time', async () => {
    const { source, report } = await reportOn((await download(null)).zip);
    expect(source.names().filter((name) => name.startsWith('exhibits/'))).toEqual([]);
    expect(report).toMatchObject({ verdict: 'intact@self', notes: ['The files of 1 exhibits are not included.'] });
    const together = await Promise.all(Array.from({ length: 8 }, () => download(null)));
    const statuses = new Set(together.map(({ answer }) => answer.status));
    expect([...statuses].toSorted()).toEqual([200, 429]);
  });

  test('is nobody else’s, and what does not exist is answered alike', async () => {
    const hidden = await openSession(stack.url, people, { visibility: 'private' });
    const stranger = person('participant', { institution_id: randomUUID() });
    for (const one of [hidden.path, `/api/session/${randomUUID()}`]) {
      expect((await get(stack.url, `${one}/bundle`, stranger)).status).toBe(404);
      expect((await get(stack.url, `${one}/bundle`, null)).status).toBe(401);
    }
  });

  test('is asked about without being made', async () => {
    const { answer, zip } = await download(people.student, 'HEAD');
    expect({ status: answer.status, bytes: zip.length }).toEqual({ status: 200, bytes: 0 });
  });
});
