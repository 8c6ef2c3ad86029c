/**
 * Sockets of somebody who means harm: raw frames, as many as the kernel takes, from a thread of its own, so that the
 * server under attack has its event loop to itself. They read what they are sent only where they are told to.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Json } from './client.ts';

export interface FloodOptions {
  url: string;
  path: string;
  sockets: number;
  /** Sent once, right after the upgrade. */
  opening?: Buffer;
  /** The flood begins when the server has said this. */
  welcome: string;
  /** Sent again and again. Empty: the socket only stays. */
  chunk: Buffer;
  /** Whether what the server says is read once the flood has begun. */
  reads: boolean;
  ms: number;
  /** Ends it sooner. */
  until?: Promise<unknown>;
}

export interface Flooded {
  /** How many sockets the server has ended. */
  ended: number;
  /** What the server said, each socket's by itself. */
  frames: { opcode: number; payload: Buffer }[][];
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame as a client sends it, masked. */
export function frame(payload: string | Buffer, opcode: number = OPCODE.text, isFinal = true): Buffer {
  const data = Buffer.from(payload);
  const mask = randomBytes(4);
  const length =
    data.length < 126
      ? Buffer.from([0x80 | data.length])
      : data.length < 65_536
        ? Buffer.from([0x80 | 126, data.length >> 8, data.length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | 127, 0, 0, 0, 0]), uint32(data.length)]);
  for (let i = 0; i < data.length; i++) data[i]! ^= mask[i % 4]!;
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode]), length, mask, data]);
}

/** Many of them, in one piece. */
export function frames(count: number, ...args: Parameters<typeof frame>): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame(...args)));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

// In plain JavaScript, because a thread knows nothing of TypeScript.
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { connect } = require('node:net');
  const { url, path, sockets, opening, welcome, chunk, reads, ms } = workerData;
  const { hostname, port } = new URL(url);
  let ended = 0;
  const said = [], open = [];
  for (let i = 0; i < sockets; i++) {
    const socket = connect(Number(port), hostname);
    let heard = '', stage = 'upgrading';
    said.push([]);
    const flood = () => {
      if (!reads) socket.pause();
      if (chunk.length === 0) return;
      while (!socket.destroyed && socket.write(chunk));
      socket.once('drain', flood);
    };
    socket.on('data', (bytes) => {
      if (stage === 'flooding') return void said[i].push(bytes);
      heard += bytes.toString('latin1');
      const end = heard.indexOf('\\r\\n\\r\\n');
      if (stage === 'upgrading' && end >= 0) {
        stage = 'opening';
        if (opening) socket.write(opening);
      }
      if (!heard.includes(welcome)) return;
      stage = 'flooding';
      said[i].push(Buffer.from(heard.slice(end + 4), 'latin1'));
      flood();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      ended += 1;
      if (ended === sockets) report();
    });
    socket.write('GET ' + path + ' HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n');
    open.push(socket);
  }
  const timeOut = setTimeout(report, ms);
  parentPort.once('message', report);
  function report() {
    clearTimeout(timeOut);
    parentPort.postMessage({ ended, said: said.map((parts) => Buffer.concat(parts)) });
    for (const socket of open) socket.destroy();
    parentPort.close();
  }
`;

/** Resolves when the server has ended all of its sockets, or when its time is over. */
export function flood({ until, ...options }: FloodOptions): Promise<Flooded> {
  const worker = new Worker(THREAD, { eval: true, workerData: options });
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    void until?.then(() => worker.postMessage('enough'));
    worker.on('message', ({ ended, said }: { ended: number; said: Uint8Array[] }) => {
      resolve({ ended, frames: said.map((bytes) => decodeFrames(Buffer.from(bytes))) });
    });
  });
}

/** Of a server, unmasked; the last may be cut. */
export function decodeFrames(bytes: Buffer): { opcode: number; payload: Buffer }[] {
  const decoded: { opcode: number; payload: Buffer }[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1]! & 0x7f;
    const begin = at + (short === 126 ? 4 : short === 127 ? 10 : 2);
    if (begin > bytes.length) break;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? bytes.readUInt32BE(at + 6) : short;
    decoded.push({ opcode: bytes[at]! & 0x0f, payload: bytes.subarray(begin, begin + length) });
    at = begin + length;
  }
  return decoded;
}

/** The code that the server closed a socket with, where it did; 1005 where it gave none. */
export function closeCodeOf(said: Flooded['frames'][number]): number | undefined {
  const goodbye = said.find(({ opcode }) => opcode === OPCODE.close)?.payload;
  return goodbye?.length === 0 ? 1005 : goodbye?.readUInt16BE(0);
}

/** The messages of the live protocol among them, on either transport. */
export function messagesOf(said: Flooded['frames'][number]): Json[] {
  const texts = said.filter(({ opcode }) => opcode === OPCODE.text).map(({ payload }) => String(payload));
  return texts.flatMap((text) => {
    if (text.startsWith('{')) return [JSON.parse(text)];
    return text.startsWith('42/live,') ? [JSON.parse(text.slice('42/live,'.length))[1]] : [];
  });
}

export const pathOf = {
  websocket: (token: string, session_id: string) => `/live/ws/${session_id}?token=${token}`,
  'socket.io': () => '/socket.io/?EIO=4&transport=websocket',
};

/** What asks socket.io for a listener. */
export function connectPacket(token: string, session_id: string): Buffer {
  return frame(`40/live,${JSON.stringify({ token, session_id })}`);
}
