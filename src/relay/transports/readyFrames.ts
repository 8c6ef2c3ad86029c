/**
 * Ready frames go straight to the socket beneath ws, past its sender: made once for all who listen, many in one write.
 * Between them ws writes its own: pings, pongs and goodbyes. That is right for as long as each of those is written whole
 * and at once, which is tried when a relay starts; where it is not so, everything goes through ws.
 */
import type { IncomingMessage } from 'node:http';
import { Duplex, type Writable } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Batch, bytesOf, type Format, textFrame } from '../listeners/prepared.ts';

/** Told when all that was written has been taken. */
export interface Taker {
  onTaken(): void;
}

export class FrameWriter {
  readonly #socket: Writable;
  readonly #taker: Taker;

  constructor(socket: Writable, taker: Taker) {
    this.#socket = socket;
    this.#taker = taker;
  }

  /**
   * A callback of each write would cost a third of what Node does for it. Where not all is taken at once, an empty write
   * behind it calls back.
   * @returns whether all is taken at once
   */
  write(batch: Batch, format: Format): boolean {
    this.#socket.write(bytesOf(batch, format));
    if (this.#socket.writableLength === 0) return true;
    this.#socket.write(NOTHING, () => this.#taker.onTaken());
    return false;
  }
}

const UPGRADE = {
  method: 'GET',
  url: '/',
  headers: {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    'sec-websocket-version': '13',
  },
};
const NOTHING = Buffer.alloc(0);
const PING = Buffer.from([0x89, 1, 0x78]);

/** Whether ws writes whole frames, at once, to the socket it was given, and frames texts as we do. */
export function canWriteBeneath(): boolean {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, done) {
      written.push(bytes);
      done();
    },
  });
  const isWrittenNow = (bytes: Buffer) => Buffer.concat(written.splice(0)).equals(bytes);
  let isSo = false;
  try {
    const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server.handleUpgrade(UPGRADE as unknown as IncomingMessage, socket, Buffer.alloc(0), (ws) => {
      written.length = 0;
      const texts = ['x', 'é'.repeat(100), 'x'.repeat(70_000)];
      isSo = texts.every((text) => {
        ws.send(text);
        return isWrittenNow(textFrame(text));
      });
      ws.ping('x');
      isSo &&= isWrittenNow(PING);
      ws.terminate();
    });
  } catch {
    isSo = false;
  }
  socket.destroy();
  return isSo;
}
