/** Whatever asks for an event stream has one exact answer: every malformed request, as bytes. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, openSession } from '../support/client.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { dial } from '../support/target.ts';
import { expectIntact } from '../support/verdict.ts';

let stack: Stack;
let people: Cast;
let session_id: string;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  ({ session_id } = await openSession(stack.url, people));
});
afterAll(async () => {
  if (isLeftOut) return;
  await expectIntact(stack.url, session_id, people.admin);
  await stack.stop();
});

interface Asked {
  method?: string;
  /** In the place of the session's id. */
  id?: string;
  path?: string;
  query?: string;
  headers?: string[];
  body?: string;
}

/** What is answered with an end is then closed. */
const HOST = 'Host: x\r\nConnection: close';
const KEPT = 'Host: x';

function requestOf({ method = 'GET', id = session_id, path, query, headers = [HOST], body = '' }: Asked): string {
  const { token } = people.student;
  const asked = query === undefined ? `?token=${token}` : `?${query.replaceAll('TOKEN', token)}`;
  const lines = [`${method} ${path ?? `/live/sse/${id}`}${asked} HTTP/1.1`, ...headers];
  return `${lines.join('\r\n').replaceAll('TOKEN', token)}\r\n\r\n${body}`;
}

/** The status, and then what is told first: the code of a problem, or the mode of a welcome. */
async function reactionTo(asked: Asked): Promise<string> {
  const { socket, closed } = dial(Number(new URL(stack.relayUrl).port));
  let heard = '';
  socket.on('data', (bytes) => {
    heard += String(bytes);
    if (/event: WELCOME\n.*\n\n/s.test(heard)) socket.destroy();
  });
  socket.write(requestOf(asked), 'latin1');
  await closed;
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(heard) ?? [];
  const [, told = ''] = /"(?:code|mode)":"(\w+)"/.exec(heard) ?? [];
  return [status, told].filter(Boolean).join(' ');
}

const after = (id: string): Asked => ({ headers: [HOST, `Last-Event-ID: ${id}`] });
const NO_PLACE = '422 validation_failed';
const STRANGER = '401 unauthenticated';
const NOWHERE = '404 not_found';
/** No path of the relay's: where it stands alone, its health server answers. */
const ELSEWHERE = kind === 'embedded' ? NOWHERE : '404';
const NO_METHOD = '405 method_not_allowed';

const REQUESTS: [what: string, asked: () => Asked, reaction: string][] = [
  ['nothing odd', () => ({}), '200 snapshot'],
  ['a place', () => after('1'), '200 delta'],
  ['a place with zeros before it', () => after('002'), '200 live'],
  ['a place that is empty', () => after(''), '200 snapshot'],
  ['a place that is not there yet', () => after('999999'), '200 snapshot'],
  ['a place before the first', () => after('-1'), NO_PLACE],
  ['a place with a sign', () => after('+1'), NO_PLACE],
  ['a place between two', () => after('1.5'), NO_PLACE],
  ['a place as an exponent', () => after('1e0'), NO_PLACE],
  ['a place in another base', () => after('0x1'), NO_PLACE],
  ['a place beyond what a number holds', () => after('9007199254740993'), NO_PLACE],
  ['a place of a thousand digits', () => after('1'.repeat(1_000)), NO_PLACE],
  ['a place in other digits', () => after('\u00b9'), NO_PLACE],
  ['a place that is the hash of one', () => after('ab'.repeat(32)), NO_PLACE],
  ['two places', () => ({ headers: [HOST, 'Last-Event-ID: 1', 'Last-Event-ID: 2'] }), NO_PLACE],
  ['two places in its query', () => ({ query: 'token=TOKEN&last_sequence=1&last_sequence=1' }), NO_PLACE],
  ['an empty place in its query', () => ({ query: 'token=TOKEN&last_sequence=' }), NO_PLACE],
  ['neither a seat nor none', () => ({ query: 'token=TOKEN&seat=perhaps' }), NO_PLACE],
  ['a ticket that is none', () => ({ query: 'token=TOKEN&resume_ticket=%00' }), '200 snapshot'],
  ['two tickets', () => ({ query: 'token=TOKEN&resume_ticket=a&resume_ticket=b' }), '200 snapshot'],
  ['no token', () => ({ query: '' }), STRANGER],
  ['an empty token', () => ({ query: 'token=' }), STRANGER],
  ['two tokens', () => ({ query: 'token=TOKEN&token=TOKEN' }), STRANGER],
  ['a token here and one there', () => ({ headers: [HOST, 'Authorization: Bearer TOKEN'] }), STRANGER],
  ['a token of another scheme', () => ({ query: '', headers: [HOST, 'Authorization: Basic TOKEN'] }), STRANGER],
  ['a token in a list', () => ({ query: 'token[]=TOKEN' }), STRANGER],
  ['no session', () => ({ id: '' }), ELSEWHERE],
  ['a session in capitals', () => ({ id: session_id.toUpperCase() }), '200 snapshot'],
  ['a session that is not there', () => ({ id: randomUUID() }), NOWHERE],
  ['what is no session', () => ({ id: 'x' }), NOWHERE],
  ['more than a session', () => ({ id: `${session_id}/x` }), ELSEWHERE],
  ['a session and a slash', () => ({ id: `${session_id}/` }), ELSEWHERE],
  ['a session and a space', () => ({ id: `${session_id}%20` }), NOWHERE],
  ['a session and a zero', () => ({ id: `${session_id}%00` }), NOWHERE],
  ['a path that is wrongly encoded', () => ({ id: '%zz' }), NOWHERE],
  ['a path that climbs', () => ({ id: `..%2fsse%2f${session_id}` }), NOWHERE],
  ['a path in capitals', () => ({ path: `/LIVE/SSE/${session_id}` }), ELSEWHERE],
  ['HEAD', () => ({ method: 'HEAD' }), '405'],
  ['POST', () => ({ method: 'POST', headers: [HOST, 'Content-Length: 2'], body: '{}' }), NO_METHOD],
  ['DELETE', () => ({ method: 'DELETE' }), NO_METHOD],
  ['OPTIONS', () => ({ method: 'OPTIONS' }), '204'],
  ['a method that is none', () => ({ method: 'LISTEN' }), '400'],
  ['a body', () => ({ headers: [HOST, 'Content-Length: 2'], body: '{}' }), '200 snapshot'],
  ['no host', () => ({ headers: [] }), '400'],
  ['two hosts', () => ({ headers: [HOST, 'Host: y'] }), '400 bad_request'],
  ['a body of two lengths', () => ({ headers: [HOST, 'Content-Length: 1', 'Transfer-Encoding: chunked'] }), '400'],
  ['a line break in a header', () => ({ headers: [HOST, 'Last-Event-ID: 1\n2'] }), '400'],
  ['a zero in a header', () => after('1\u0000'), '400'],
  ['headers beyond all measure', () => ({ headers: [HOST, `X-Odd: ${'x'.repeat(20_000)}`] }), '431'],
  ['an upgrade', () => ({ headers: [KEPT, 'Connection: Upgrade', 'Upgrade: websocket'] }), NOWHERE],
  ['an upgrade to something else', () => ({ headers: [KEPT, 'Connection: Upgrade', 'Upgrade: h2c'] }), '200 snapshot'],
];

describe.skipIf(isLeftOut)(`an event stream is asked for, ${kind},`, () => {
  test.each(REQUESTS.map(([what, asked, reaction]) => [what, reaction, asked] as const))(
    'with %s: %s',
    async (_, reaction, asked) => {
      expect(await reactionTo(asked())).toBe(reaction);
    },
  );
});
