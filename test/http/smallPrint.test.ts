/** Small things of HTTP that proxies, browsers and pranksters get wrong: each is refused, or understood, as the standards say. */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, type Cast, cast, get, must, openSession, person, post, send } from '../support/client.ts';
import { PDF } from '../support/exhibits.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { dial } from '../support/target.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)(`the small print, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string; assignment_id: string };

  beforeAll(async () => {
    stack = await startStack({ FEATURE_SESSION_RECORDING: 'true' });
    people = cast();
    session = await openSession(stack.url, people);
  });

  afterAll(async () => {
    await expectIntact(stack.url, session.session_id, people.admin);
    await stack.stop();
  });

  const onWire = async (text: string): Promise<string> => {
    const { socket, closed } = dial(Number(new URL(stack.url).port));
    socket.write(text);
    return (await closed).split('\r\n')[0]!;
  };

  test('one host is needed by HTTP/1.1 and not by 1.0, two are refused, and so is a request without a version', async () => {
    const close = 'Connection: close\r\n\r\n';
    expect(await onWire(`GET /health HTTP/1.1\r\nHost: a\r\n${close}`)).toBe('HTTP/1.1 200 OK');
    expect(await onWire('GET /health HTTP/1.0\r\n\r\n')).toBe('HTTP/1.1 200 OK');
    expect(await onWire(`GET /health HTTP/1.1\r\n${close}`)).toBe('HTTP/1.1 400 Bad Request');
    expect(await onWire(`GET /health HTTP/1.1\r\nHost: a\r\nhost: b\r\n${close}`)).toBe('HTTP/1.1 400 Bad Request');
    expect(await onWire(`GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n${close}`)).toBe('HTTP/1.1 400 Bad Request');
    expect(await onWire('GET /health\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request');
  });

  test('an offer of h2c is not taken, its request is answered, and what it says of the connection holds', async () => {
    const offer =
      'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n';
    expect(await onWire(`GET /health HTTP/1.1\r\nHost: a\r\n${offer}`)).toBe('HTTP/1.1 200 OK');
  });

  const UNSEEN = ['\n', '\t', '\u007f', '\u0085', '\u2028', '\u202e', '\u2066'];

  test('names and titles hold no control characters and nothing that turns the direction of writing', async () => {
    for (const char of UNSEEN) {
      const petitioner = [{ user_id: people.petitioner.id, name: `Ada${char}avorteP` }];
      const changes = { title: `A${char}title`, courtroom: `1${char}`, petitioner };
      const { status, body } = await post(
        stack.url,
        '/api/assignment/create',
        people.admin,
        assignmentBody(people, changes),
      );
      const pointers = body.errors?.map(({ pointer }: { pointer: string }) => pointer).sort();
      expect([char, status, pointers]).toEqual([char, 422, ['/courtroom', '/petitioner/0/name', '/title']]);
      const replacement = { user_id: randomUUID(), name: `Ada${char}` };
      const swap = { user_id: people.petitioner.id, replacement };
      const path = `/api/assignment/${session.assignment_id}/substitute`;
      expect((await post(stack.url, path, people.admin, swap)).body.errors?.[0].pointer).toBe('/replacement/name');
      const recording = { url: 'https://example.org/1', title: `A${char}` };
      expect((await post(stack.url, `${session.path}/recording`, people.admin, recording)).status).toBe(422);
    }
  });

  test('names and titles of every script are taken', async () => {
    for (const title of [
      '\u05e9\u05dc\u05d5\u05dd v. \u0645\u0631\u062d\u0628\u0627',
      '\u200fabc\u200e',
      'Zo\u00eb \u2014 \u{1f469}\u200d\u2696\ufe0f',
    ]) {
      await must(
        post(stack.url, '/api/assignment/create', people.admin, assignmentBody(cast(people.institution_id), { title })),
      );
    }
  });

  describe('a form', () => {
    const multipart = (title: Uint8Array, more = '') => {
      const part = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'));
      return Buffer.concat([
        part(`--x\nContent-Disposition: form-data; name="title"${more}\n\n`),
        title,
        part('\n--x\nContent-Disposition: form-data; name="file"; filename="f"\nContent-Type: application/pdf\n\n'),
        PDF,
        part('\n--x--\n'),
      ]);
    };
    const bring = (body: Uint8Array, headers: Record<string, string> = {}, who = people.petitioner) =>
      send(stack.url, 'POST', `${session.path}/exhibit/upload`, who, body, {
        'content-type': 'multipart/form-data; boundary=x',
        ...headers,
      });

    test.each([
      ['bytes of no text', '', [0xff, 0xfe]],
      ['half a character', '', [0x61, 0xe2, 0x82]],
      ['a surrogate', '', [0xed, 0xa0, 0x80]],
      ['Latin-1', '', [0xe9]],
      ['less than it says', '\nContent-Type: text/plain; charset=utf-8', [0xe9]],
    ])('with %s in a field is refused', async (_, more, bytes) => {
      const { status, body } = await bring(multipart(Uint8Array.from(bytes), more), {}, people.respondent);
      expect([status, body.errors?.[0]]).toEqual([422, { pointer: '/title', detail: 'must be text in UTF-8' }]);
    });

    test('with an encoding around it is refused before it is read', async () => {
      const { status, body } = await bring(gzipSync(multipart(Buffer.from('A title'))), { 'content-encoding': 'gzip' });
      expect([status, body.code]).toEqual([415, 'unsupported_type']);
      expect((await bring(multipart(Buffer.from('A title')), { 'content-encoding': 'identity' })).status).toBe(200);
    });

    test('of which the browser has the file already is compared with it weakly', async () => {
      const { body } = await bring(multipart(Buffer.from('The charter party')));
      const path = `${session.path}/exhibit/${body.result.id}/download`;
      const { headers } = await get(stack.url, path, people.admin);
      for (const tag of [headers.get('etag')!, `W/${headers.get('etag')}`]) {
        expect((await get(stack.url, path, people.admin, { 'if-none-match': tag })).status).toBe(304);
      }
      expect((await get(stack.url, path, people.admin, { 'if-none-match': 'W/"other"' })).status).toBe(200);
    });
  });

  test('the dashboard does nothing to all queues, and says so', async () => {
    for (const deed of ['pause', 'resume', 'no-such-thing']) {
      const { status, body } = await send(stack.url, 'PUT', `/jobs/api/queues/${deed}`, person('super_admin'), {});
      expect([deed, status, body.code]).toEqual([deed, 405, 'method_not_allowed']);
    }
  });
});
