/** Whatever comes on a socket has one exact answer: every malformed frame, packet and message, on both transports. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, openSession } from '../support/client.ts';
import { someOf } from '../support/everything.ts';
import { closeCodeOf, connectPacket, decodeFrames, frame, messagesOf, OPCODE, pathOf } from '../support/flood.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
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

type Transport = keyof typeof pathOf;

/** A listener of bytes, which is welcome by now. */
async function listen(transport: Transport) {
  const { hostname, port } = new URL(stack.relayUrl);
  const socket = connect(Number(port), hostname).on('error', () => {});
  let heard = Buffer.alloc(0);
  let begin = -1;
  let isEnded = false;
  socket.on('data', (bytes) => {
    heard = Buffer.concat([heard, bytes]);
    if (begin < 0 && heard.includes('\r\n\r\n')) begin = heard.indexOf('\r\n\r\n') + 4;
  });
  socket.on('close', () => {
    isEnded = true;
  });
  const { token } = people.student;
  socket.write(
    `GET ${pathOf[transport](token, session_id)} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await until('it is upgraded', () => begin >= 0);
  if (transport === 'socket.io') socket.write(connectPacket(token, session_id));
  const frames = () => decodeFrames(heard.subarray(begin));
  await until('it is level', () => messagesOf(frames()).some(({ type }) => type === 'SYNCED'));
  const welcomed = messagesOf(frames()).length;
  // How many listen is told of its own accord.
  const said = () => messagesOf(frames()).filter(({ type }, i) => i >= welcomed && type !== 'PRESENCE');
  return { socket, frames, said, isEnded: () => isEnded };
}

const PING: Record<Transport, Buffer> = {
  websocket: frame('{"type":"PING"}'),
  'socket.io': frame('42/live,["PING"]'),
};

/** What is said when something comes, or how the connection ends. */
async function reactionTo(transport: Transport, bytes: Buffer): Promise<string> {
  const { socket, frames, said, isEnded } = await listen(transport);
  socket.write(Buffer.concat([bytes, PING[transport]]));
  await until('it reacts', () => isEnded() || said().some(({ type }) => type === 'PONG'));
  const [first] = said();
  const ended = isEnded() ? `closed ${closeCodeOf(frames()) ?? 'at once'}` : undefined;
  if (!isEnded()) {
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
  }
  const errors = said().flatMap(({ type, code }) => (type === 'ERROR' ? [code] : []));
  return [...errors, ended ?? (errors.length > 0 ? '' : `nothing but ${first!.type}`)].filter(Boolean).join(', ');
}

const masked = (opcode: number, payload: string | Buffer, isFinal = true) => frame(payload, opcode, isFinal);
const withFirstByte = (bytes: Buffer, change: (byte: number) => number) => {
  const changed = Buffer.from(bytes);
  changed[0] = change(changed[0]!);
  return changed;
};
const unmasked = Buffer.concat([Buffer.from([0x81, 15]), Buffer.from('{"type":"PING"}')]);
const inFragments = (text: string, count: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, n) => {
      const size = Math.ceil(text.length / count);
      return masked(n === 0 ? OPCODE.text : OPCODE.continuation, text.slice(n * size, (n + 1) * size), n === count - 1);
    }),
  );
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** Below messages there is no difference between the transports. */
const FRAMES: [string, Buffer, string][] = [
  ['an unmasked frame', unmasked, 'closed 1002'],
  ['a reserved bit', withFirstByte(frame('{"type":"PING"}'), (byte) => byte | 0x20), 'closed 1002'],
  ['a compressed frame, where nothing is compressed', withFirstByte(frame('x'), (byte) => byte | 0x40), 'closed 1002'],
  ['a reserved kind of frame', masked(3, 'x'), 'closed 1002'],
  ['a reserved kind of control frame', masked(11, 'x'), 'closed 1002'],
  ['a ping in fragments', masked(OPCODE.ping, 'x', false), 'closed 1002'],
  ['a ping that is too long', masked(OPCODE.ping, 'x'.repeat(126)), 'closed 1002'],
  ['a fragment of nothing', masked(OPCODE.continuation, 'x'), 'closed 1002'],
  ['a message within another', Buffer.concat([masked(OPCODE.text, 'x', false), frame('y')]), 'closed 1002'],
  ['a message in 17 fragments', inFragments(' '.repeat(34), 17), 'closed 1008'],
  ['a text that is not UTF-8', masked(OPCODE.text, Buffer.from([0xc3, 0x28])), 'closed 1007'],
  ['a message over 64 KiB', frame(' '.repeat(65_537)), 'closed 1009'],
  ['a goodbye of one byte', masked(OPCODE.close, 'x'), 'closed 1002'],
  ['a goodbye with a code that nobody may send', masked(OPCODE.close, Buffer.from([0x03, 0xe7])), 'closed 1002'],
  ['a pong that nobody asked for', masked(OPCODE.pong, 'x'), 'nothing but PONG'],
  ['a ping', masked(OPCODE.ping, 'x'), 'nothing but PONG'],
];

const NOT_ALLOWED = 'message_not_allowed';
const BAD = 'bad_message';

/** The same object on both; in socket.io's envelope its type is the event's name. */
const MESSAGES: [string, string, string][] = [
  ['an unknown type', '{"type":"session.start"}', NOT_ALLOWED],
  ['a message of the relay', '{"type":"EVENT","event_sequence":1}', NOT_ALLOWED],
  ['a type in small letters', '{"type":"ping"}', NOT_ALLOWED],
  ['PING with more', '{"type":"PING","x":1}', NOT_ALLOWED],
  ['ACK of nothing', '{"type":"ACK"}', NOT_ALLOWED],
  ['ACK of less than nothing', '{"type":"ACK","last_sequence":-1}', NOT_ALLOWED],
  ['ACK of a fraction', '{"type":"ACK","last_sequence":1.5}', NOT_ALLOWED],
  ['ACK of a text', '{"type":"ACK","last_sequence":"1"}', NOT_ALLOWED],
  ['ACK of more than a number holds', '{"type":"ACK","last_sequence":1e300}', NOT_ALLOWED],
  ['ACK of what is not there yet', '{"type":"ACK","last_sequence":999999}', 'nothing but PONG'],
  ['REAUTH without a token', '{"type":"REAUTH"}', NOT_ALLOWED],
  ['REQUEST_STATE with a position', '{"type":"REQUEST_STATE","at":1}', NOT_ALLOWED],
  ['a prototype', '{"type":"PING","__proto__":{"x":1}}', NOT_ALLOWED],
];

const TEXTS: Record<Transport, [string, string, string][]> = {
  websocket: [
    ['no text at all', '', BAD],
    ['no JSON', '{"type":', BAD],
    ['JSON and more', '{"type":"PING"} x', BAD],
    ['null', 'null', NOT_ALLOWED],
    ['a number', '7', NOT_ALLOWED],
    ['a list', '[]', NOT_ALLOWED],
    ['a list of messages', '[{"type":"PING"}]', NOT_ALLOWED],
    ['no type', '{}', NOT_ALLOWED],
    ['lists in lists', deep(4_000), NOT_ALLOWED],
    ['more than 8 KiB', `{"type":"PING"}${' '.repeat(8_192)}`, BAD],
  ],
  'socket.io': [
    ['an event that is no JSON', '42/live,["PING"', BAD],
    ['an event without a name', '42/live,[]', NOT_ALLOWED],
    ['an event with two arguments', '42/live,["PING",{},{}]', NOT_ALLOWED],
    ['an event with a list', '42/live,["PING",[]]', NOT_ALLOWED],
    ['an event of another type', '42/live,["PING",{"type":"ACK"}]', NOT_ALLOWED],
    ['an event that wants an answer', '42/live,1["PING"]', NOT_ALLOWED],
    ['an event of no namespace', '42["PING"]', BAD],
    ['an event of another namespace', '42/other,["PING"]', BAD],
    ['an answer to nothing', '43/live,1[]', BAD],
    ['an error', '44/live,{}', BAD],
    ['attachments to come', '451-/live,["PING",{"_placeholder":true,"num":0}]', BAD],
    ['an unknown packet', '49', BAD],
    ['no packet', '4', BAD],
    ['an object for an event', '42/live,{"0":"PING"}', BAD],
    ['lists in lists', `42/live,${deep(3_000)}`, NOT_ALLOWED],
    ['more than 8 KiB', `42/live,["PING"]${' '.repeat(8_192)}`, BAD],
    ['a second request to listen', '40/live,{}', 'nothing but PONG'],
    ['a goodbye, and a message all the same', '41/live,', 'closed 1005'],
    ['a ping of the protocol before', '2', 'closed 1005'],
    ['a packet of no kind', '9', 'closed 1005'],
  ],
};

function envelope(transport: Transport, text: string): string {
  if (transport === 'websocket') return text;
  return `42/live,["${JSON.parse(text).type}",${text}]`;
}

describe.skipIf(isLeftOut).each(['websocket', 'socket.io'] as const)(`on %s, ${kind}`, (transport) => {
  const frames = transport === 'websocket' ? FRAMES : someOf(FRAMES, 4);
  test.each(frames.map(([what, bytes, reaction]) => [what, reaction, bytes] as const))(
    '%s is answered by %s',
    async (_, reaction, bytes) => {
      expect(await reactionTo(transport, bytes)).toBe(reaction);
    },
  );

  test.each(MESSAGES)('%s: %s is answered by %s', async (_, text, reaction) => {
    expect(await reactionTo(transport, frame(envelope(transport, text)))).toBe(reaction);
  });

  test.each(TEXTS[transport])('%s: %s is answered by %s', async (_, text, reaction) => {
    expect(await reactionTo(transport, frame(text))).toBe(reaction);
  });

  test('a binary message is answered by bad_message', async () => {
    expect(await reactionTo(transport, masked(OPCODE.binary, '{"type":"PING"}'))).toBe(BAD);
  });

  test('REAUTH with a token that is none ends the connection', async () => {
    const bytes = frame(envelope(transport, '{"type":"REAUTH","token":"x"}'));
    const { socket, frames, said, isEnded } = await listen(transport);
    socket.write(bytes);
    await until('it ends', isEnded);
    expect(said().map(({ code }) => code)).toEqual(['unauthenticated']);
    expect(closeCodeOf(frames())).toBe(transport === 'websocket' ? 4401 : 1005);
  });

  test('three bad messages end the connection with 4400, after each was answered', async () => {
    const { socket, frames, said, isEnded } = await listen(transport);
    const bad = transport === 'websocket' ? frame('x') : frame('42["x"]');
    for (const nth of [1, 2, 3]) {
      socket.write(bad);
      await until(`answer ${nth}`, () => said().length === nth);
    }
    await until('it ends', isEnded);
    expect(said().map(({ code }) => code)).toEqual([BAD, BAD, BAD]);
    expect(closeCodeOf(frames())).toBe(transport === 'websocket' ? 4400 : 1005);
  });
});
