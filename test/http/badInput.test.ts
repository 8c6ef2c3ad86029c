/** Bad input of every kind: the exact refusal, nothing stored, nothing crashed. */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commands } from '../../src/modules.ts';
import {
  type Answer,
  assignmentBody,
  type Cast,
  cast,
  openSession,
  type Person,
  person,
  post,
  send,
} from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const MIB = 1024 * 1024;
/** Forms are tried in uploads.test.ts. */
const inJson = commands.filter(({ upload }) => upload === undefined);
const root = person('super_admin');
const utf8 = (text: string) => new TextEncoder().encode(text);

describe.skipIf(isLeftOut)('bad input', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;
  let session_id: string;
  let assignment_id: string;
  let stored: number;

  beforeAll(async () => {
    stack = await startStack({ FEATURE_SESSION_RECORDING: 'true', FEED_RESULTS_BACK: 'true' });
    people = cast();
    ({ path, session_id, assignment_id } = await openSession(stack.url, people));
  });

  afterAll(async () => {
    await expectIntact(stack.url, session_id, people.admin);
    await stack.stop();
  });

  beforeEach(async () => {
    stored = await countCommands();
  });

  afterEach(async () => {
    expect(await countCommands()).toBe(stored);
  });

  const pathOf = (route: string) =>
    route
      .split(' ')[1]!
      .replace(':session_id', session_id)
      .replace(':assignment_id', assignment_id)
      .replace(':observation_id', randomUUID());

  async function countCommands(): Promise<number> {
    return (await stack.pool.query("select count(*)::integer as n from commands where name <> 'audit.record'")).rows[0]
      .n;
  }

  function expectProblem({ status, headers, body }: Answer, expected: number, code: string): void {
    expect({ status, code: body.code }).toEqual({ status: expected, code });
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({
      type: `urn:plearoll:problem:${code}`,
      status: expected,
      instance: expect.any(String),
    });
    expect(body.title && body.detail).toBeTruthy();
  }

  const log = (body: unknown, headers?: Record<string, string>) =>
    post(stack.url, `${path}/log`, people.admin, body, headers);
  const schedule = (changes: object) =>
    post(stack.url, '/api/assignment/create', people.admin, assignmentBody(people, changes));
  const argument = (allotted_ms: number) => ({ side: 'petitioner', kind: 'argument', allotted_ms });
  const plan = (changes: object) =>
    post(stack.url, `${path}/turn/plan`, people.admin, { side: 'petitioner', kind: 'argument', ...changes });
  /** What only the presiding judge may do an admin is refused by role, before the body is looked at. */
  const whoMay = (roles: readonly string[] | string) => {
    if (roles === 'anyone' || roles.includes('admin')) return people.admin;
    return roles.includes('judge') ? people.presiding : root;
  };
  /** The pointers of all faults of a refused body. */
  async function pointersOf(answer: Promise<Answer>): Promise<string[]> {
    const refused = await answer;
    expectProblem(refused, 422, 'validation_failed');
    for (const { detail } of refused.body.errors) expect(detail).not.toBe('');
    return refused.body.errors.map(({ pointer }: { pointer: string }) => pointer);
  }

  describe('bytes', () => {
    test.each([
      ['cut off', '{"event_type":"NOTE","details":{'],
      ['with a comma too many', '{"event_type":"NOTE","details":{},}'],
      ['in single quotes', "{'event_type':'NOTE'}"],
      ['of a word', 'undefined'],
      ['with a raw newline in text', '{"event_type":"NO\nTE"}'],
      ['with something after the end', '{}{}'],
      ['with a number that is none', '{"n":NaN}'],
      ['of white space', '   '],
      ['of invalid UTF-8', new Uint8Array([...utf8('{"event_type":"'), 0xff, 0xfe, ...utf8('"}')])],
      ['of UTF-8 cut in a character', new Uint8Array([...utf8('{"a":"'), 0xe2, 0x82, ...utf8('"}')])],
      ['of a surrogate encoded in UTF-8', new Uint8Array([...utf8('{"a":"'), 0xed, 0xa0, 0x80, ...utf8('"}')])],
      ['of UTF-16', new Uint8Array(Buffer.from('{"event_type":"NOTE"}', 'utf16le'))],
    ])('%s are malformed JSON', async (_, body) => {
      expectProblem(await log(body), 400, 'malformed_json');
    });

    test('of more than 64 KiB are too many, however they come', async () => {
      const body = (bytes: number) => `{"event_type":"${'x'.repeat(bytes - 17)}"}`;
      expectProblem(await log(body(MIB)), 413, 'too_large');
      expectProblem(await log(body(64 * 1024 + 1)), 413, 'too_large');
      expectProblem(await log(body(64 * 1024)), 422, 'validation_failed');
      const zipped = gzipSync(Buffer.alloc(10 * MIB, ' '));
      expectProblem(await log(new Uint8Array(zipped), { 'content-encoding': 'gzip' }), 413, 'too_large');
      const streamed = await fetch(`${stack.url}${path}/log`, {
        method: 'POST',
        headers: { authorization: `Bearer ${people.admin.token}`, 'content-type': 'application/json' },
        body: new Blob([body(MIB)]).stream(),
        duplex: 'half',
      } as RequestInit);
      expect(streamed.status).toBe(413);
      await streamed.text();
    });

    test.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=latin1',
      'application/json; charset=utf-16',
      'application/jsonp',
      'text/json',
    ])('of type %s are of the wrong type', async (type) => {
      expectProblem(await log('{}', { 'content-type': type }), 415, 'unsupported_type');
    });

    test('of no type, or in an unknown encoding, are of the wrong type', async () => {
      const untyped = await fetch(`${stack.url}${path}/log`, {
        method: 'POST',
        headers: { authorization: `Bearer ${people.admin.token}` },
        body: utf8('{}'),
      });
      expect(untyped.status).toBe(415);
      await untyped.text();
      expectProblem(await log('{}', { 'content-encoding': 'rot13' }), 415, 'unsupported_type');
    });

    test('that are none have no type to be wrong', async () => {
      const answer = await send(stack.url, 'POST', `${path}/start`, people.student, undefined, {
        'content-type': 'text/plain',
      });
      expectProblem(answer, 403, 'forbidden');
      expect(await pointersOf(log(undefined))).toEqual(['/event_type', '/details']);
    });
  });

  describe('a body', () => {
    test.each(['[]', '[{}]', 'null', '"x"', '7', 'true'])('that is %s is no object', async (body) => {
      for (const { route, name, roles } of inJson) {
        const at = pathOf(route);
        const answer = await post(stack.url, at, whoMay(roles), body);
        expect({ name, status: answer.status, errors: answer.body.errors }).toMatchObject({
          ...{ name, status: 422, errors: [{ pointer: '' }] },
        });
      }
      const redrive = `/api/command/${randomUUID()}/redrive`;
      expectProblem(await post(stack.url, redrive, person('super_admin'), body), 422, 'validation_failed');
    });

    test('has no unknown fields, and each is named', async () => {
      for (const { route, name, roles, body } of inJson) {
        const at = pathOf(route);
        const answer = await post(stack.url, at, whoMay(roles), { session_id, 'a/b~c': 1 });
        // Near enough to be a slip for it, where the body has one.
        const hint = 'message_id' in body.shape ? '; did you mean message_id?' : '';
        expect({ name, errors: answer.body.errors }).toEqual({
          name,
          errors: expect.arrayContaining([
            ...('session_id' in body.shape ? [] : [{ pointer: '/session_id', detail: `unknown field${hint}` }]),
            { pointer: '/a~1b~0c', detail: 'unknown field' },
          ]),
        });
      }
    });

    test('is told all its faults at once', async () => {
      const body = assignmentBody(people, {
        ...{ title: '', courtroom: 5, scheduled_at: '2026-13-01T00:00:00Z', visibility: 'secret' },
        ...{
          petitioner: [{ user_id: 'me', name: 'x', age: 3 }],
          respondent: [],
          panel: 'nobody',
          format: 0.5,
          extra: {},
        },
      });
      const pointers = await pointersOf(post(stack.url, '/api/assignment/create', people.admin, body));
      expect(new Set(pointers)).toEqual(
        new Set([
          ...['/title', '/courtroom', '/scheduled_at', '/visibility', '/petitioner/0/user_id', '/petitioner/0/age'],
          ...['/respondent', '/panel', '/format', '/extra'],
        ]),
      );
    });

    test.each<[string, () => Promise<Answer>, string[]]>([
      ['a reserved type', () => log({ event_type: 'SESSION_STARTED', details: {} }), ['/event_type']],
      ['a type in small letters', () => log({ event_type: 'note', details: {} }), ['/event_type']],
      ['details that are a list', () => log({ event_type: 'NOTE', details: [] }), ['/details']],
      ['details that are null', () => log({ event_type: 'NOTE', details: null }), ['/details']],
      ['a role of no roster', () => post(stack.url, `${path}/join`, people.judge, { role: 'admin' }), ['/role']],
      ['a format that nobody knows', () => schedule({ format: 'chess' }), ['/format']],
      ['a format without a segment', () => schedule({ format: { name: 'Ours', segments: [] } }), ['/format/segments']],
      [
        'a format with turns of no time and of too much',
        () => schedule({ format: { name: 'Ours', segments: [0, 21_600_001].map(argument) } }),
        ['/format/segments/0/allotted_ms', '/format/segments/1/allotted_ms'],
      ],
      [
        'a format with a field that it does not have',
        () => schedule({ format: { name: 'Ours', segments: [argument(1)], timer: 1 } }),
        ['/format/timer'],
      ],
      ['a turn of less than no time', () => plan({ allotted_ms: -1 }), ['/allotted_ms']],
      ['a turn that is too long', () => plan({ allotted_ms: 21_600_001 }), ['/allotted_ms']],
      ['a reason that is no text', () => post(stack.url, `${path}/pause`, people.admin, { reason: 1 }), ['/reason']],
      [
        'an id that is no uuid',
        () => post(stack.url, '/api/session/create', people.admin, { assignment_id: 'x' }),
        ['/assignment_id'],
      ],
      [
        'a recording that is no address',
        () => post(stack.url, `${path}/complete`, people.admin, { recording_url: 'x' }),
        ['/recording_url'],
      ],
      [
        'a recording that anybody could change on the way',
        () => post(stack.url, `${path}/recording`, people.admin, { url: 'http://a.example/r', title: '' }),
        ['/url', '/title'],
      ],
      [
        'a substitution by nobody',
        () => post(stack.url, `/api/assignment/${assignment_id}/substitute`, people.admin, { user_id: 'x' }),
        ['/user_id', '/replacement'],
      ],
      [
        'a match that is called off without a reason',
        () => post(stack.url, `/api/assignment/${assignment_id}/cancel`, people.admin, { reason: '' }),
        ['/reason'],
      ],
      [
        'an If-Match that is no sequence',
        () => log({ event_type: 'NOTE', details: {} }, { 'if-match': '7' }),
        ['/If-Match'],
      ],
    ])('with %s is refused', async (_, ask, pointers) => {
      expect(await pointersOf(ask())).toEqual(pointers);
    });
  });

  describe('a turn or an objection that is not of this session', () => {
    const UNKNOWN = '018f3c1e-7b2a-7c11-9d0e-0000000f0001';
    test.each([
      ['turn/start', { turn_id: UNKNOWN, speaker_id: UNKNOWN }],
      ['turn/end', { turn_id: UNKNOWN }],
      ['turn/plan', { continues: UNKNOWN }],
      ['violation/record', { turn_id: UNKNOWN, user_id: UNKNOWN, kind: 'late', description: 'Late.' }],
    ])('is not found, and nothing is stored: %s', async (verb, body) => {
      expectProblem(await post(stack.url, `${path}/${verb}`, people.admin, body), 404, 'not_found');
    });

    test('is not found, and nothing is stored: objection/rule', async () => {
      const body = { objection_id: UNKNOWN, decision: 'sustained' };
      expectProblem(await post(stack.url, `${path}/objection/rule`, people.presiding, body), 404, 'not_found');
    });
  });

  describe('objects of the sender’s own making', () => {
    const FREE: [field: string, ask: (value: string) => Promise<Answer>][] = [
      [
        'metadata',
        (value) =>
          post(
            stack.url,
            '/api/session/create',
            people.admin,
            `{"assignment_id":"${assignment_id}","metadata":${value}}`,
          ),
      ],
      ['details', (value) => log(`{"event_type":"NOTE","details":${value}}`)],
      [
        'client_info',
        (value) => post(stack.url, `${path}/join`, people.petitioner, `{"role":"petitioner","client_info":${value}}`),
      ],
      ['client_info', (value) => post(stack.url, `${path}/observe`, null, `{"client_info":${value}}`)],
    ];

    const UNSTORABLE: [what: string, value: string, pointer: string][] = [
      ['U+0000 in text', '{"a":"x\\u0000y"}', '/a'],
      ['U+0000 in a key', '{"a\\u0000":1}', '/a\u0000'],
      ['a lone high surrogate', '{"a":["\\ud83d"]}', '/a/0'],
      ['a lone low surrogate', '{"a":"\\ude00\\ud83d"}', '/a'],
      ['a lone surrogate in a key', '{"\\ud83d":1}', '/\ud83d'],
      ['a fraction', '{"a":{"b":[1,0.5]}}', '/a/b/1'],
      ['2^53', '{"a":9007199254740992}', '/a'],
      ['-2^53', '{"a":-9007199254740992}', '/a'],
      ['a number beyond all numbers', '{"a":1e400}', '/a'],
      ['a tiny fraction', '{"a":1e-7}', '/a'],
      ['a key __proto__', '{"__proto__":{"admin":true}}', '/__proto__'],
      ['a key __proto__ within', '{"a":[{"__proto__":1}]}', '/a/0/__proto__'],
    ];

    test.each(FREE)('%s hold nothing that the record could not', async (field, ask) => {
      for (const [what, value, pointer] of UNSTORABLE) {
        const pointers = await pointersOf(ask(value));
        expect({ what, pointers }).toEqual({ what, pointers: [`/${field}${pointer}`] });
      }
      const all = `{"a":0.5,"b":"\\u0000","c":{"d":1e400}}`;
      expect(await pointersOf(ask(all))).toEqual(['a', 'b', 'c/d'].map((at) => `/${field}/${at}`));
    });

    const deep = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

    test.each(FREE)('%s have a bottom, however deep they pretend to be', async (field, ask) => {
      for (const levels of [field === 'metadata' ? 16 : 17, 100, 10_000]) {
        expect(await pointersOf(ask(deep(levels)))).toEqual([`/${field}`]);
      }
      expect(await pointersOf(ask(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`))).toEqual([`/${field}`]);
    });

    test('text anywhere else is well-formed too', async () => {
      const reason = post(stack.url, `${path}/pause`, people.admin, '{"reason":"\\ud800"}');
      expect(await pointersOf(reason)).toEqual(['/reason']);
      const title = post(
        stack.url,
        '/api/assignment/create',
        people.admin,
        assignmentBody(people, { title: 'a\u0000' }),
      );
      expect(await pointersOf(title)).toEqual(['/title']);
    });
  });

  test('ids in a path that are no uuid, and ids that nobody has, are not found', async () => {
    for (const id of ['1', 'active', 'x'.repeat(300), "' or 1=1 --", '..', '\u0000', `${session_id}0`, randomUUID()]) {
      for (const verb of ['start', 'pause', 'resume', 'complete', 'leave', 'observe', `observe/${id}/leave`]) {
        const answer = await post(stack.url, `/api/session/${encodeURIComponent(id)}/${encodeURI(verb)}`, people.admin);
        expect({ id, verb, status: answer.status }).toEqual({ id, verb, status: 404 });
      }
      const redrive = `/api/command/${encodeURIComponent(id)}/redrive`;
      expectProblem(await post(stack.url, redrive, person('super_admin')), 404, 'not_found');
    }
    const create = post(stack.url, '/api/session/create', people.admin, { assignment_id: randomUUID() });
    expectProblem(await create, 404, 'not_found');
  });

  test('of many faults the first in the order of the contract is answered', async () => {
    const nowhere = `/api/session/${randomUUID()}/log`;
    const ask = (who: Person | null, body: string, type = 'application/json') =>
      post(stack.url, nowhere, who, body, { 'content-type': type });
    const unknown = '{"event_type":"note","details":{}}';
    expectProblem(await ask(null, 'x'.repeat(MIB), 'text/plain'), 401, 'unauthenticated');
    expectProblem(await ask(people.student, 'x'.repeat(MIB), 'text/plain'), 413, 'too_large');
    expectProblem(await ask(people.student, 'x', 'text/plain'), 415, 'unsupported_type');
    expectProblem(await ask(people.student, 'x'), 400, 'malformed_json');
    expectProblem(await ask(people.student, unknown), 403, 'forbidden');
    expectProblem(await ask(people.admin, unknown), 422, 'validation_failed');
    expectProblem(await ask(people.admin, '{"event_type":"NOTE","details":{}}'), 404, 'not_found');
  });
});
