/** Exhibits from their upload to the ruling, over HTTP and sockets; what is downloaded, and what verification finds. */
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { anotherPdf, FORM, field, file, formOf, PDF, PNG } from '../support/exhibits.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('exhibits', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack({ LOG_LEVEL: 'silent' });
    people = cast();
  });

  afterAll(() => stack.stop());

  const hashOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
  const blobOf = (content: Uint8Array) => {
    const sha256 = hashOf(content);
    return join(stack.blobFolder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  };

  async function upload(path: string, content: Uint8Array, type = 'application/pdf', side = 'petitioner') {
    const form = formOf(field('title', 'The charter party'), field('side', side), file(content, type));
    const { result } = await must(
      post(stack.url, `${path}/exhibit/upload`, person('super_admin'), form, { 'content-type': FORM }),
    );
    return result as Json & { id: string };
  }

  const act = async (path: string, verb: string, who: Person, exhibit_id: string, more: object = {}) =>
    (await must(post(stack.url, `${path}/exhibit/${verb}`, who, { exhibit_id, ...more }))).result;

  async function startTurn(path: string): Promise<string> {
    const { items } = await must(get(stack.url, `${path}/turns`, people.admin));
    const turn_id = items[0].id as string;
    await must(post(stack.url, `${path}/turn/start`, people.presiding, { turn_id, speaker_id: people.petitioner.id }));
    return turn_id;
  }

  async function download(path: string, id: string, who: Person, headers: Record<string, string> = {}, method = 'GET') {
    const response = await fetch(`${stack.url}${path}/exhibit/${id}/download`, {
      method,
      headers: { authorization: `Bearer ${who.token}`, ...headers },
    });
    return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
  }

  test('are uploaded, marked, tendered, rejected, tendered again and admitted, and everybody sees it', async () => {
    const { path, session_id } = await openSession(stack.url, people);
    const listener = await listenOnWebSocket(stack.relayUrl, {
      token: people.student.token,
      session_id,
      last_sequence: 2,
    });
    const { id } = await upload(path, anotherPdf());
    const other = await upload(path, anotherPdf(), 'application/pdf', 'respondent');
    expect(await act(path, 'mark', people.bailiff, id)).toMatchObject({ label: 'P-1' });
    expect(await act(path, 'mark', people.bailiff, other.id)).toMatchObject({ label: 'R-1' });
    const turn_id = await startTurn(path);
    expect(await act(path, 'tender', people.petitioner, id)).toMatchObject({ state: 'tendered', turn_id });
    const no = { decision: 'rejected', ruling: 'No foundation.' };
    expect(await act(path, 'rule', people.presiding, id, no)).toMatchObject({ state: 'rejected', ruling: no.ruling });
    await act(path, 'tender', people.petitioner, id);
    const shown = await act(path, 'rule', people.presiding, id, { decision: 'admitted' });
    expect(shown).toMatchObject({ state: 'admitted', ruling: null, label: 'P-1' });
    const locked = await post(stack.url, `${path}/exhibit/withdraw`, people.petitioner, { exhibit_id: id });
    expect(locked).toMatchObject({ status: 409, body: { code: 'exhibit_decided', from: 'admitted' } });
    await act(path, 'tender', people.judge, other.id);

    const { items } = await must(get(stack.url, `${path}/exhibits`, people.student));
    expect(items).toMatchObject([shown, { id: other.id, state: 'tendered' }]);
    expect((await get(stack.url, `${path}/exhibit/${id}`, people.student)).body).toEqual(shown);
    const page = await must(get(stack.url, `${path}/exhibits?limit=1`, people.student));
    const rest = await must(get(stack.url, `${path}/exhibits?cursor=${page.next_cursor}`, people.student));
    expect([...page.items, ...rest.items]).toEqual(items);

    await must(post(stack.url, `${path}/turn/end`, people.presiding, { turn_id }));
    await must(post(stack.url, `${path}/complete`, people.presiding, { skip_turns: true }));
    const sealed = await must(get(stack.url, `${path}/exhibits`, people.student));
    expect(sealed.items).toMatchObject([{ state: 'admitted' }, { state: 'unruled' }]);
    await listener.until(({ event_type }) => event_type === 'SESSION_COMPLETED');
    expect(listener.events().map(({ event_type }) => event_type)).toEqual([
      ...['EXHIBIT_UPLOADED', 'EXHIBIT_UPLOADED', 'EXHIBIT_MARKED', 'EXHIBIT_MARKED', 'TURN_STARTED'],
      ...['EXHIBIT_TENDERED', 'EXHIBIT_RULED', 'EXHIBIT_TENDERED', 'EXHIBIT_RULED', 'EXHIBIT_TENDERED'],
      ...['TURN_ENDED', 'SESSION_COMPLETED'],
    ]);
    const names = JSON.stringify(listener.events());
    expect(names).not.toContain('brief.pdf');
    listener.close();
    const late = await listenOnWebSocket(stack.relayUrl, { token: people.student.token, session_id });
    const snapshot = await late.until(({ type }) => type === 'SNAPSHOT');
    expect(snapshot.data.exhibits).toEqual(sealed.items);
    late.close();
    for (const verb of ['mark', 'tender', 'withdraw']) {
      const refused = await post(stack.url, `${path}/exhibit/${verb}`, people.admin, { exhibit_id: other.id });
      expect(refused).toMatchObject({ status: 409, body: { code: 'session_completed' } });
    }
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('many marked at once have numbers without a gap', async () => {
    const { path, session_id } = await openSession(stack.url, people, { start: false });
    const brought: string[] = [];
    for (let i = 0; i < 8; i += 1) brought.push((await upload(path, PDF)).id);
    const marked = await Promise.all(brought.map((id) => act(path, 'mark', people.bailiff, id)));
    expect(marked.map(({ number }) => number).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('are downloaded as they were uploaded, as an attachment of a name that we give', async () => {
    const { path } = await openSession(stack.url, people, { format: 'amta' });
    const content = anotherPdf();
    const { id } = await upload(path, content);
    const image = await upload(path, PNG, 'image/png');
    const before = await download(path, id, people.student);
    expect(before.bytes).toEqual(content);
    expect(before.response.headers.get('content-disposition')).toBe(`attachment; filename="exhibit-${id}.pdf"`);
    await act(path, 'mark', people.bailiff, id);
    const { response, bytes } = await download(path, id, people.student);
    expect(bytes).toEqual(content);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': `${content.length}`,
      'content-disposition': 'attachment; filename="P-1.pdf"',
      'x-content-type-options': 'nosniff',
      etag: `"${hashOf(content)}"`,
      'cache-control': 'private, no-cache',
    });
    const kept = await download(path, id, people.student, { 'if-none-match': `"x", "${hashOf(content)}"` });
    expect([kept.response.status, kept.bytes.length]).toEqual([304, 0]);
    const head = await download(path, id, people.student, {}, 'HEAD');
    expect([head.response.status, head.response.headers.get('content-length')]).toEqual([200, `${content.length}`]);
    const shown = await download(path, image.id, people.student);
    expect(shown.response.headers.get('content-type')).toBe('image/png');
    expect(shown.bytes).toEqual(PNG);
  });

  test('are found in their own session alone, and by whom they concern', async () => {
    const { path } = await openSession(stack.url, people, { visibility: 'private' });
    const other = await openSession(stack.url, people);
    const { id } = await upload(path, PDF);
    for (const [who, at] of [
      [people.student, `${path}/exhibit/${id}`],
      [people.admin, `${other.path}/exhibit/${id}`],
      [people.admin, `${path}/exhibit/none`],
    ] as const) {
      for (const what of ['', '/download', '/verify']) {
        expect(await get(stack.url, `${at}${what}`, who)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
    }
    const marked = await post(stack.url, `${other.path}/exhibit/mark`, people.bailiff, { exhibit_id: id });
    expect(marked).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test('whose files are changed or gone are not handed out, and every verification says so', async () => {
    const { path, session_id } = await openSession(stack.url, people);
    const [one, two, three] = [anotherPdf(), anotherPdf(), anotherPdf()];
    const exhibits: string[] = [];
    for (const content of [one, two, three]) exhibits.push((await upload(path, content)).id);
    const [whole, changed, lost] = exhibits as [string, string, string];
    const verify = (id: string) => must(get(stack.url, `${path}/exhibit/${id}/verify`, people.student));
    await expectIntact(stack.url, session_id, people.admin);
    expect(await verify(changed)).toMatchObject({ id: changed, is_valid: true, issues: [] });

    const forged = Uint8Array.from(two, (byte, i) => (i === two.length - 2 ? byte ^ 1 : byte));
    writeFileSync(blobOf(two), forged);
    rmSync(blobOf(three));
    const issues = [
      `File of exhibit ${changed} was changed: recorded=${hashOf(two)} of ${two.length} bytes, ` +
        `computed=${hashOf(forged)} of ${two.length} bytes`,
      `File of exhibit ${lost} is missing`,
    ];
    expect(await verify(whole)).toMatchObject({ is_valid: true });
    expect(await verify(changed)).toMatchObject({ is_valid: false, issues: [issues[0]] });
    expect(await verify(lost)).toMatchObject({ is_valid: false, issues: [issues[1]] });
    const session = await must(get(stack.url, `${path}/verify`, people.student));
    expect(session).toMatchObject({ is_valid: false, issues, invalid_sequences: [] });
    const everything = await must(get(stack.url, '/integrity/global-verify', people.admin));
    expect(everything).toMatchObject({ tamper_detected: true, invalid_sessions: [{ session_id, issues }] });
    for (const id of [changed, lost]) {
      const { response, bytes } = await download(path, id, people.student);
      expect(response.status).toBe(500);
      expect(response.headers.has('content-disposition')).toBe(false);
      expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ code: 'file_damaged' });
    }
    expect((await download(path, whole, people.student)).bytes).toEqual(one);
    writeFileSync(blobOf(two), two);
    writeFileSync(blobOf(three), three);
    await expectIntact(stack.url, session_id, people.admin);
  });
});
