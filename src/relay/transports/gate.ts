/**
 * The gate of one WebSocket, between the kernel and the parser: counts frames by their headers, leaves out unparsed what
 * is too many, and stops reading a socket that floods until its window is over, so that the kernel pushes back. A socket
 * that floods a third window is closed.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { CLOSE, REASONS } from '../listeners/messages.ts';
import { type Frame, Frames, OPCODE } from './frames.ts';
import { Window } from './window.ts';

/** Beyond it the connection ends with 1009; up to it a message is refused by itself. */
export const MAX_PAYLOAD_BYTES = 65_536;
/** Of all kinds in one window: the messages a client may send, their fragments, pings, and room to be told of too many. */
const MAX_FRAMES = 64;
/** So much of what is left out is read in one window. */
const MAX_LEFT_OUT_BYTES = 65_536;
/** A socket that floods rests until its window is over and so much longer, so that its messages' own is over too. */
const REST_MS = 1_000;
/** Messages have ended the connection in the second; these are other frames. */
const MAX_FLOODS = 2;
const NOTHING = Buffer.alloc(0);

export class Gate {
  /** What came with the upgrade. */
  readonly head: Buffer;
  readonly #socket: Duplex;
  readonly #metrics: Metrics;
  readonly #rules: FrameRules;
  readonly #frames: Frames;
  #leftOut = 0;
  #floods = 0;
  #isResting = false;
  #ws: WebSocket | undefined;

  constructor(socket: Duplex, head: Buffer, metrics: Metrics) {
    this.#socket = socket;
    this.#metrics = metrics;
    this.#rules = new FrameRules(this);
    this.#frames = new Frames((frame) => this.#rules.isLet(frame));
    // Node reads on while this is true. A stream that is paused would be read until its buffer is full, which it never is
    // when all is left out; and to push nothing begins to read again.
    socket.push = (bytes: Buffer | null) => (bytes === null ? pushOn(socket, null) : this.#push(bytes));
    this.head = this.#take(head);
  }

  guard(opened: WebSocket): void {
    this.#ws = opened;
  }

  isOpen(): boolean {
    return !this.#ws || this.#ws.readyState === this.#ws.OPEN;
  }

  /** A window begins. */
  onWindow(): void {
    this.#leftOut = 0;
  }

  /** The window has more frames than it may. */
  onFlood(): void {
    this.#floods += 1;
    this.#metrics.socketFloods.inc();
    if (this.#floods <= MAX_FLOODS || !this.isOpen()) return;
    this.#metrics.closedSockets.inc({ reason: REASONS[CLOSE.limit] });
    this.#ws?.close(CLOSE.limit, REASONS[CLOSE.limit]);
  }

  #push(bytes: Buffer): boolean {
    const through = this.#take(bytes);
    return (through.length === 0 || pushOn(this.#socket, through)) && !this.#isResting;
  }

  #take(bytes: Buffer): Buffer {
    const through = this.#frames.filter(bytes);
    this.#leftOut += bytes.length - through.length;
    if (this.#leftOut > MAX_LEFT_OUT_BYTES) this.#rest();
    return through;
  }

  /** A socket that is being closed is not read again: its close timer destroys it. */
  #rest(): void {
    if (!this.#ws) return void this.#socket.destroy();
    if (this.#isResting) return;
    this.#isResting = true;
    setTimeout(() => this.#readOn(), this.#rules.left_ms() + REST_MS).unref();
  }

  #readOn(): void {
    if (!this.isOpen()) return;
    this.#isResting = false;
    pushOn(this.#socket, NOTHING);
  }
}

/** As the socket would have been read without a gate. */
function pushOn(socket: Duplex, bytes: Buffer | null): boolean {
  return Object.getPrototypeOf(socket).push.call(socket, bytes);
}

/** Which frames are let through, by how many came before them in their window. */
class FrameRules {
  readonly #gate: Gate;
  readonly #frames = new Window();
  #isMessageLet = true;
  #hasSaidGoodbye = false;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  isLet({ opcode, length }: Frame): boolean {
    if (opcode === OPCODE.close) return this.#isFirstGoodbye();
    const wasOpen = this.#gate.isOpen();
    const nth = this.#frames.count();
    if (nth === 1) this.#gate.onWindow();
    if (nth === MAX_FRAMES + 1) this.#gate.onFlood();
    // Its header is all that the parser needs to end the connection.
    if (length > MAX_PAYLOAD_BYTES) return wasOpen;
    // A message's fragments share its fate.
    if (opcode === OPCODE.continuation) return wasOpen && this.#isMessageLet;
    const isWithin = wasOpen && nth <= MAX_FRAMES;
    if (opcode < OPCODE.close) this.#isMessageLet = isWithin;
    return isWithin;
  }

  #isFirstGoodbye(): boolean {
    const isFirst = !this.#hasSaidGoodbye;
    this.#hasSaidGoodbye = true;
    return isFirst;
  }

  left_ms(): number {
    return this.#frames.left_ms();
  }
}
