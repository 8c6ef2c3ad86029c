/**
 * The client's own WebSocket in three other shapes, each a class that it can be given: over server-sent events, over
 * socket.io's packets, and one that stops reading and writes down what its connection was told. So resuming and verifying
 * are those of everybody's client, whatever carries the messages.
 */
import { type ClientRequest, get } from 'node:http';
import { WebSocket } from 'ws';
import type { Socket } from '../src/client/protocol.ts';

type Type = 'open' | 'message' | 'close' | 'error';
/** Where nothing says how it ended. */
const LOST = 1006;
const OPEN = 1;
const CLOSED = 3;

/** What a client needs to hear of a socket. */
abstract class Heard implements Socket {
  readyState = 0;
  readonly #listeners: { type: Type; listener: (event: object) => void }[] = [];

  abstract send(text: string): void;
  protected abstract end(): void;

  addEventListener(type: Type, listener: (event: object) => void): void {
    this.#listeners.push({ type, listener });
  }

  close(): void {
    this.end();
    this.closed(1000);
  }

  protected tell(type: Type, event: object = {}): void {
    for (const one of this.#listeners) if (one.type === type) one.listener(event);
  }

  protected opened(): void {
    this.readyState = OPEN;
    this.tell('open');
  }

  protected closed(code: number): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.tell('close', { code });
  }
}

/** A stream cannot be asked anything: its client must not expect an answer to a PING. */
export class StreamSocket extends Heard {
  readonly #request: ClientRequest;

  constructor(url: string) {
    super();
    this.#request = get(url.replace(/^ws/, 'http').replace('/live/ws/', '/live/sse/'), { agent: false });
    this.#request.on('error', () => this.closed(LOST));
    this.#request.on('response', (answer) => {
      answer.setEncoding('utf8').on('error', () => {});
      answer.on('close', () => this.closed(LOST));
      if (answer.statusCode !== 200) return void answer.destroy();
      this.opened();
      let rest = '';
      answer.on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          const at = block.indexOf('data: ');
          if (at >= 0) this.tell('message', { data: block.slice(at + 'data: '.length) });
        }
      });
    });
  }

  send(): void {}

  protected end(): void {
    this.#request.destroy();
  }
}

/** Its packets as they are: `42/live,["EVENT",{...}]`. https://github.com/socketio/socket.io-protocol */
export class PacketSocket extends Heard {
  readonly #socket: WebSocket;

  constructor(url: string) {
    super();
    const { origin, pathname, searchParams } = new URL(url);
    const { last_sequence, ...asked } = Object.fromEntries(searchParams);
    const auth = {
      ...asked,
      session_id: pathname.split('/').at(-1),
      ...(last_sequence !== undefined && { last_sequence: Number(last_sequence) }),
    };
    this.#socket = new WebSocket(`${origin}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.closed(LOST));
    this.#socket.on('message', (data) => this.#hear(String(data), JSON.stringify(auth)));
  }

  #hear(packet: string, auth: string): void {
    if (packet.startsWith('0')) this.#socket.send(`40/live,${auth}`);
    else if (packet === '2') this.#socket.send('3');
    else if (packet.startsWith('40/live,')) this.opened();
    else if (packet.startsWith('42/live,')) this.tell('message', { data: packet.slice(packet.indexOf(',{') + 1, -1) });
    else this.#socket.close();
  }

  send(text: string): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(`42/live,["${JSON.parse(text).type}",${text}]`);
  }

  protected end(): void {
    this.#socket.close();
  }
}

/** What one connection was told, in order: events by their number, and how it ended. */
export interface Tape {
  /** The last event that its client had, by its own word. */
  after: number;
  said: ({ event: number; hash: string } | { from: number; to: number; hash: string })[];
  ended: number | undefined;
}

/** Sockets that can all be stopped and read on, and the tapes of all that were made. */
export function createStalling() {
  const tapes: Tape[] = [];
  const open = new Set<WebSocket>();
  let isStalled = false;

  class StallingSocket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      const tape: Tape = { after: Number(new URL(url).searchParams.get('last_sequence')), said: [], ended: undefined };
      tapes.push(tape);
      open.add(this);
      this.on('open', () => isStalled && this.pause());
      this.on('close', (code) => {
        open.delete(this);
        tape.ended = code;
      });
      this.on('error', () => {});
      this.on('message', (data) => {
        const { type, event_sequence, event_hash: hash, from, to, reason } = JSON.parse(String(data));
        if (type === 'EVENT') tape.said.push({ event: event_sequence, hash });
        else if (type === 'RESYNC' && reason === 'slow') tape.said.push({ from, to, hash });
      });
    }
  }

  function stall(): void {
    isStalled = true;
    for (const socket of open) socket.pause();
  }

  function readOn(): void {
    isStalled = false;
    for (const socket of open) socket.resume();
  }

  return { Socket: StallingSocket, tapes, stall, readOn };
}
