/**
 * A WebSocket client by hand, as cheap as can be: it counts what it is not asked to look at. A library's client would use
 * the processor more than the server that is measured.
 */
import { createConnection, type Socket } from 'node:net';

export interface Wire {
  socket: Socket;
  /** One text frame. */
  say(text: string): void;
  end(): void;
}

export interface WireOptions {
  port: number;
  path: string;
  /** On loopback: thousands of addresses, so that no limit by address is met. */
  localAddress: string;
  onOpen(): void;
  /** @param start of the payload in the chunk; valid until this returns */
  onText(chunk: Buffer, start: number, end: number): void;
  onClose(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const TEXT = 0x1;
const BINARY = 0x2;
const PING = 0x9;
const PONG = 0xa;
const CLOSE = 0x8;

export function openWire({ port, path, localAddress, onOpen, onText, onClose }: WireOptions): Wire {
  const socket = createConnection({ port, host: '127.0.0.1', localAddress });
  let rest: Buffer | undefined;
  let isOpen = false;

  function onData(data: Buffer): void {
    let chunk = rest ? Buffer.concat([rest, data]) : data;
    rest = undefined;
    if (!isOpen) {
      const end = chunk.indexOf(HEAD_END);
      if (end < 0) {
        rest = chunk;
        return;
      }
      if (!chunk.subarray(0, 12).equals(SWITCHING)) {
        socket.destroy(new Error(chunk.toString('latin1', 0, 200)));
        return;
      }
      isOpen = true;
      chunk = chunk.subarray(end + HEAD_END.length);
      onOpen();
    }
    readFrames(chunk);
  }

  function readFrames(chunk: Buffer): void {
    let at = 0;
    while (chunk.length - at >= 2) {
      const short = chunk[at + 1]!;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (chunk.length - at < head) break;
      const length =
        short < 126 ? short : short === 126 ? chunk.readUInt16BE(at + 2) : Number(chunk.readBigUInt64BE(at + 2));
      const start = at + head;
      if (chunk.length < start + length) break;
      const opcode = chunk[at]! & 0xf;
      if (opcode === TEXT || opcode === BINARY) onText(chunk, start, start + length);
      else if (opcode === PING) write(PONG, chunk.subarray(start, start + length));
      else if (opcode === CLOSE) socket.end();
      at = start + length;
    }
    // A copy: what is kept must not keep a whole pool alive.
    if (at < chunk.length) rest = Buffer.from(chunk.subarray(at));
  }

  /** Masked with zeros: a mask that changes nothing. */
  function write(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const head =
      length < 126
        ? Buffer.from([0x80 | opcode, 0x80 | length])
        : Buffer.from([0x80 | opcode, 0xfe, length >> 8, length & 0xff]);
    socket.write(Buffer.concat([head, MASK, payload]));
  }

  socket.setNoDelay(true);
  socket.on('connect', () => socket.write(requestOf(path, port)));
  socket.on('data', onData);
  socket.on('error', () => {});
  socket.on('close', onClose);
  return { socket, say: (text) => write(TEXT, Buffer.from(text)), end: () => socket.destroy() };
}

const MASK = Buffer.alloc(4);
const SWITCHING = Buffer.from('HTTP/1.1 101');

function requestOf(path: string, port: number): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
