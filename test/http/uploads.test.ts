/** Files that come with exhibits: what is taken, what is refused and how, and that nothing of what is refused is left. */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Answer, type Cast, cast, get, must, openSession, type Person, person, post } from '../support/client.ts';
import { anotherPdf, FORM, field, file, filesIn, formOf, JPEG, type Part, PDF, PNG } from '../support/exhibits.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const MIB = 1024 * 1024;
const title = field('title', 'The charter party');
const side = field('side', 'petitioner');
const utf8 = (text: string) => new TextEncoder().encode(text);
/** A PDF of so many bytes. */
const pdfOf = (bytes: number) => {
  const content = new Uint8Array(bytes);
  content.set(PDF);
  return content;
};

describe.skipIf(isLeftOut)('an upload', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;
  let session_id: string;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    ({ path, session_id } = await openSession(stack.url, people));
  });

  afterAll(async () => {
    await expectIntact(stack.url, session_id, people.admin);
    await stack.stop();
  });

  const send = (
    who: Person | null,
    body: Uint8Array,
    headers: Record<string, string> = {},
    at = path,
    url = stack.url,
  ) => post(url, `${at}/exhibit/upload`, who, body, { 'content-type': FORM, ...headers });
  /** By somebody who has uploaded nothing yet: five a minute are all that one person may. */
  const upload = (...parts: Part[]) => send(person('super_admin'), formOf(...parts));
  const fileOf = (content: Uint8Array) => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    return `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;
  };

  describe('that is taken', () => {
    test.each(['../../etc/passwd', '..\\..\\boot.ini', '/etc/passwd', 'brief.pdf%00.exe', ''])(
      'is kept under its hash, never under its sender’s name: %j',
      async (name) => {
        const content = anotherPdf();
        const { status, body } = await upload(title, side, file(content, 'application/octet-stream', name));
        expect(status).toBe(200);
        expect(body.result).toMatchObject({
          ...{ title: 'The charter party', side: 'petitioner', state: 'uploaded', number: null, label: null },
          ...{ media_type: 'application/pdf', size_bytes: content.length, id: body.command_id },
        });
        expect(filesIn(stack.blobFolder)).toContain(fileOf(content));
        expect(filesIn(stack.blobFolder).filter((kept) => !/^..\/..\/[0-9a-f]{64}$/.test(kept))).toEqual([]);
      },
    );

    test('has its fields in any order, and the side that counsel plead for', async () => {
      const { body } = await send(people.respondent, formOf(file(anotherPdf()), title));
      expect(body.result).toMatchObject({ side: 'respondent', uploaded_by: people.respondent.id });
    });

    test('has 20 MiB and not a byte more', async () => {
      const answer = await upload(title, side, file(pdfOf(20 * MIB)));
      expect(answer.body.result).toMatchObject({ size_bytes: 20 * MIB });
      expect((await upload(title, side, file(pdfOf(20 * MIB + 1)))).status).toBe(413);
    });

    test('is an image where the format takes images', async () => {
      const trial = await openSession(stack.url, people, { format: 'amta', start: false });
      for (const [content, type] of [
        [PNG, 'image/png'],
        [JPEG, 'image/jpg'],
      ] as const) {
        const sent = formOf(title, side, file(content, type));
        const { body } = await send(person('super_admin'), sent, {}, trial.path);
        expect(body.result.media_type).toBe(type.replace('jpg', 'jpeg'));
      }
    });

    test('is found by every API, whichever took it', async () => {
      const content = anotherPdf();
      const { body } = await send(person('super_admin'), formOf(title, side, file(content)));
      for (const url of stack.apis) {
        const found = await fetch(`${url}${path}/exhibit/${body.result.id}/download`, {
          headers: { authorization: `Bearer ${people.student.token}` },
        });
        expect(new Uint8Array(await found.arrayBuffer())).toEqual(content);
      }
    });

    test('is not taken into the folder of another installation, whose sweep would remove it', async () => {
      const mark = join(stack.blobFolder, 'installation');
      const own = await readFile(mark, 'utf8');
      await writeFile(mark, randomUUID());
      const refused = await upload(title, side, file(anotherPdf())).finally(() => writeFile(mark, own));
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(refused.headers.get('retry-after')).toBe('60');
      expect((await upload(title, side, file(anotherPdf()))).status).toBe(200);
    });

    test('is one exhibit however often it is sent with the same key, whichever API is asked', async () => {
      const who = person('super_admin');
      const key = { 'idempotency-key': randomUUID() };
      const sent = formOf(title, side, file(anotherPdf()));
      const [first, ...again] = await Promise.all(stack.apis.map((url) => send(who, sent, key, path, url)));
      const last = await send(who, sent, key);
      for (const one of [...again, last]) expect(one.body).toEqual(first!.body);
      expect(last.headers.get('idempotent-replayed')).toBe('true');
      for (const other of [formOf(title, side, file(anotherPdf())), formOf(field('title', 'Other'), side, file(PDF))]) {
        expect(await send(who, other, key)).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
      }
    });
  });

  test('sent again with its key gets its first outcome, whatever became of the session, and another leaves nothing', async () => {
    const over = await openSession(stack.url, people);
    const content = anotherPdf();
    const taken = { 'idempotency-key': randomUUID() };
    const rejected = { 'idempotency-key': randomUUID() };
    const sent = formOf(title, file(content));
    const first = await send(people.petitioner, sent, taken, over.path);
    expect(first.status).toBe(200);
    const stale = { ...rejected, 'if-match': '"1"' };
    const refused = await send(people.petitioner, formOf(title, file(PDF)), stale, over.path);
    expect(refused).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    await must(post(stack.url, `${over.path}/complete`, people.presiding));

    const again = await send(people.petitioner, sent, taken, over.path);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const still = await send(people.petitioner, formOf(title, file(PDF)), stale, over.path);
    expect(still).toMatchObject({ status: 412, body: refused.body });
    const files = filesIn(stack.blobFolder);
    const other = await send(people.petitioner, formOf(title, file(anotherPdf())), taken, over.path);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(filesIn(stack.blobFolder)).toEqual(files);
    await expectIntact(stack.url, over.session_id, people.admin);
  });

  describe('that is refused', () => {
    let before: { commands: number; files: string[] };

    const stored = async () => {
      const { rows } = await stack.pool.query(
        "select count(*)::integer as commands from commands where name <> 'audit.record'",
      );
      return { commands: rows[0].commands as number, files: filesIn(stack.blobFolder) };
    };

    beforeEach(async () => {
      before = await stored();
    });

    afterEach(async () => {
      expect(await stored()).toEqual(before);
    });

    function expectProblem({ status, headers, body }: Answer, code: string, expected: number): void {
      expect({ status, code: body.code }).toEqual({ status: expected, code });
      expect(headers.get('content-type')).toContain('application/problem+json');
    }

    test.each([
      ['a page called a PDF', file(utf8('<html>%PDF-1.7</html>'))],
      ['a program of unknown type', file(utf8('MZ\u0090'), 'application/octet-stream', 'a.exe')],
      ['an image called a PDF', file(PNG, 'application/pdf')],
      ['a PDF called an image', file(PDF, 'image/png')],
      ['a PDF called a page', file(PDF, 'text/html')],
      ['the beginning of a beginning', file(PDF.slice(0, 4))],
      ['a GIF', file(utf8('GIF89a'), 'image/gif')],
    ])('%s lies about its type, or is of none that is taken', async (_, part) => {
      expectProblem(await upload(title, side, part), 'unsupported_type', 415);
    });

    test('an image where the format takes none', async () => {
      expectProblem(await upload(title, side, file(PNG, 'image/png')), 'images_not_allowed', 415);
    });

    test.each<[string, Part[], string[]]>([
      ['an empty file', [title, side, file(new Uint8Array())], ['/file']],
      ['no file', [title, side], ['/file']],
      ['text in the place of the file', [title, side, field('file', 'text')], ['/file']],
      ['two files', [title, side, file(PDF), file(PDF)], ['/file']],
      ['a file of another name', [title, side, { ...file(PDF), name: 'files' }], ['/files', '/file']],
      ['a file and one of another name', [title, side, file(PDF), { ...file(PDF), name: 'x' }], ['/x']],
      ['no title', [side, file(PDF)], ['/title']],
      ['an empty title', [field('title', ''), side, file(PDF)], ['/title']],
      ['a title too long', [field('title', 't'.repeat(201)), side, file(PDF)], ['/title']],
      ['a title without end', [field('title', 't'.repeat(50_000)), side, file(PDF)], ['/title', '/title']],
      ['two titles', [title, title, side, file(PDF)], ['/title']],
      ['a title that the record cannot hold', [field('title', 'a\u0000b'), side, file(PDF)], ['/title']],
      ['no side', [title, file(PDF)], ['/side']],
      ['an unknown side', [title, field('side', 'bench'), file(PDF)], ['/side']],
      ['an unknown field', [title, side, file(PDF), field('number', '1')], ['/number']],
      ['a field called __proto__', [title, side, file(PDF), field('__proto__', '1')], ['/__proto__', '/__proto__']],
      ['many parts', [side, file(PDF), ...Array.from({ length: 40 }, () => title)], ['/title', '', '/title']],
    ])('%s', async (_, parts, pointers) => {
      const answer = await upload(...parts);
      expectProblem(answer, 'validation_failed', 422);
      const named = answer.body.errors.map(({ pointer }: { pointer: string }) => pointer);
      expect(named).toEqual(expect.arrayContaining(pointers));
      expect(new Set(named)).toEqual(new Set(pointers));
    });

    test('21 MiB, whether it says so or not', async () => {
      const sent = formOf(title, side, file(pdfOf(21 * MIB)));
      expectProblem(await send(person('super_admin'), sent), 'too_large', 413);
      const { token } = person('super_admin');
      const response = await fetch(`${stack.url}${path}/exhibit/upload`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': FORM },
        body: new Blob([sent]).stream(),
        duplex: 'half',
      } as RequestInit);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: 'too_large' });
    });

    test.each([
      ['JSON', { 'content-type': 'application/json' }, '{}', 415, 'unsupported_type'],
      [
        'a form of another kind',
        { 'content-type': 'application/x-www-form-urlencoded' },
        'a=b',
        415,
        'unsupported_type',
      ],
      ['a form without a boundary', { 'content-type': 'multipart/form-data; charset=utf-8' }, 'x', 400, 'bad_request'],
      ['no form at all', {}, 'nothing of the kind', 400, 'bad_request'],
      ['nothing', {}, '', 400, 'bad_request'],
    ])('%s', async (_, headers, text, status, code) => {
      expectProblem(await send(person('super_admin'), utf8(text), headers), code, status);
    });

    test.each([40, 150, 260, 300])('a form cut off after %i bytes', async (bytes) => {
      const sent = formOf(title, side, file(PDF)).slice(0, bytes);
      expectProblem(await send(person('super_admin'), sent), 'bad_request', 400);
    });

    test('a name with U+0000', async () => {
      expectProblem(await upload(title, side, file(PDF, 'application/pdf', 'a\u0000b')), 'bad_request', 400);
    });

    test('a connection that ends in the middle of the file', async () => {
      const url = new URL(stack.url);
      const socket = connect(Number(url.port), url.hostname);
      const head = [
        `POST ${path}/exhibit/upload HTTP/1.1`,
        `Host: ${url.host}`,
        `Authorization: Bearer ${person('super_admin').token}`,
        `Content-Type: ${FORM}`,
        `Content-Length: ${MIB}`,
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      socket.write(formOf(title, side, file(pdfOf(MIB))).slice(0, MIB / 2));
      await vi.waitUntil(() => filesIn(stack.blobFolder).some((kept) => kept.startsWith('drafts/')), 20_000);
      socket.destroy();
      await vi.waitFor(() => expect(filesIn(stack.blobFolder)).toEqual(before.files), 20_000);
    });

    test('from whoever may not, before the body is read', async () => {
      const huge = formOf(title, side, file(pdfOf(MIB)));
      const outsider = person('participant', { institution_id: randomUUID() });
      const elsewhere = person('admin', { institution_id: randomUUID() });
      const shown = await openSession(stack.url, people, { visibility: 'public' });
      before = await stored();
      expectProblem(await send(null, huge), 'unauthenticated', 401);
      expectProblem(await send(people.student, huge), 'role_not_on_roster', 403);
      expectProblem(await send(people.outsideJudge, huge), 'not_on_panel', 403);
      expectProblem(await send(outsider, huge), 'not_found', 404);
      expectProblem(await send(people.admin, huge, {}, `/api/session/${randomUUID()}`), 'not_found', 404);
      expectProblem(await send(people.admin, huge, {}, '/api/session/none'), 'not_found', 404);
      expectProblem(await send(elsewhere, huge, {}, shown.path), 'forbidden', 403);
    });

    test('from whoever the roster does not name any more, though it is remembered so', async () => {
      const closed = await openSession(stack.url, people, { visibility: 'private' });
      for (const url of stack.apis) await must(get(url, closed.path, people.petitioner));
      before = await stored();
      const { rows } = await stack.pool.query('select to_json(r) as row from rosters r where user_id = $1', [
        people.petitioner.id,
      ]);
      await stack.pool.query('delete from rosters where user_id = $1', [people.petitioner.id]);
      try {
        const answer = await send(people.petitioner, formOf(title, file(PDF)), {}, closed.path);
        expectProblem(answer, 'not_found', 404);
      } finally {
        await stack.pool.query('insert into rosters select * from json_populate_recordset(null::rosters, $1)', [
          JSON.stringify(rows.map(({ row }) => row)),
        ]);
      }
      await expectIntact(stack.url, closed.session_id, people.admin);
    });

    test('when its side has a hundred already', async () => {
      const full = await openSession(stack.url, people);
      before = await stored();
      await stack.pool.query(
        `insert into exhibits (id, session_id, side, title, media_type, size_bytes, sha256, state, uploaded_by, uploaded_at)
         select gen_random_uuid(), $1, 'petitioner', 'A map', 'application/pdf', 1, repeat('0', 64), 'uploaded', 'x', now()
         from generate_series(1, 100)`,
        [full.session_id],
      );
      for (const [who, parts] of [
        [people.petitioner, [title, file(PDF)]],
        [person('super_admin'), [title, side, file(PDF)]],
      ] as const) {
        const answer = await send(who, formOf(...parts), {}, full.path);
        expectProblem(answer, 'exhibit_limit', 409);
        expect(answer.body.limit).toBe(100);
      }
      await stack.pool.query('delete from exhibits where session_id = $1', [full.session_id]);
      await expectIntact(stack.url, full.session_id, people.admin);
    });

    test('for the other side', async () => {
      expectProblem(await send(people.respondent, formOf(title, side, file(PDF))), 'not_own_side', 403);
    });

    test('into a session that is completed', async () => {
      const over = await openSession(stack.url, people);
      await must(post(stack.url, `${over.path}/complete`, people.presiding));
      before = await stored();
      const sent = formOf(title, side, file(PDF));
      expectProblem(await send(people.petitioner, sent, {}, over.path), 'session_completed', 409);
      await expectIntact(stack.url, over.session_id, people.admin);
    });

    test('with headers that say nothing sensible', async () => {
      const sent = formOf(title, side, file(PDF));
      const answer = await send(person('super_admin'), sent, { 'if-match': 'x', 'idempotency-key': 'ä' });
      expectProblem(answer, 'validation_failed', 422);
      expect(answer.body.errors).toHaveLength(2);
    });
  });

  test('one person uploads five times in a minute, whichever API is asked, and is told when to come back', async () => {
    const who = person('super_admin');
    const answers: Answer[] = [];
    for (let i = 0; i < 6; i += 1) {
      const url = stack.apis[i % stack.apis.length]!;
      answers.push(await send(who, formOf(title, side, file(PDF)), {}, path, url));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    const { headers, body } = answers.at(-1)!;
    expect(body).toMatchObject({ code: 'rate_limited', detail: 'At most 5 uploads a minute.' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('x-ratelimit-limit')).toBe('5');
    expect((await upload(title, side, file(PDF))).status).toBe(200);
    expect((await get(stack.url, path, who)).status).toBe(200);
  });
});
