/**
 * The gate of one WebSocket, between the kernel and the parser: counts frames by their headers, leaves out unparsed what
 * is too many, and stops reading a socket that floods until its window is over, so that the kernel pushes back. A socket
 * that floods a third window is closed.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { CLOSE, REASONS } from '../listeners/messages.ts';
import { createFrames, type Frame, OPCODE } from './frames.ts';
import { createWindow } from './window.ts';

export interface Gate {
  /** What came with the upgrade. */
  head: Buffer;
  guard(ws: WebSocket): void;
}

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

export function openGate(socket: Duplex, head: Buffer, metrics: Metrics): Gate {
  const rules = createFrameRules({ isOpen, onWindow, onFlood });
  const filter = createFrames(rules.isLet);
  let leftOut = 0;
  let floods = 0;
  let isResting = false;
  let ws: WebSocket | undefined;

  function isOpen(): boolean {
    return !ws || ws.readyState === ws.OPEN;
  }

  function onWindow(): void {
    leftOut = 0;
  }

  function onFlood(): void {
    floods += 1;
    metrics.socketFloods.inc();
    if (floods <= MAX_FLOODS || !isOpen()) return;
    metrics.closedSockets.inc({ reason: REASONS[CLOSE.limit] });
    ws?.close(CLOSE.limit, REASONS[CLOSE.limit]);
  }

  function take(bytes: Buffer): Buffer {
    const through = filter(bytes);
    leftOut += bytes.length - through.length;
    if (leftOut > MAX_LEFT_OUT_BYTES) rest();
    return through;
  }

  /** A socket that is being closed is not read again: its close timer destroys it. */
  function rest(): void {
    if (!ws) return void socket.destroy();
    if (isResting) return;
    isResting = true;
    setTimeout(readOn, rules.left_ms() + REST_MS).unref();
  }

  function readOn(): void {
    if (!isOpen()) return;
    isResting = false;
    push(NOTHING);
  }

  // Node reads on while this is true. A stream that is paused would be read until its buffer is full, which it never is
  // when all is left out; and to push nothing begins to read again.
  const push = socket.push.bind(socket);
  socket.push = (bytes: Buffer | null) => {
    if (bytes === null) return push(null);
    const through = take(bytes);
    return (through.length === 0 || push(through)) && !isResting;
  };
  const guard = (opened: WebSocket) => {
    ws = opened;
  };
  return { head: take(head), guard };
}

interface Peer {
  isOpen(): boolean;
  /** A window begins. */
  onWindow(): void;
  /** The window has more frames than it may. */
  onFlood(): void;
}

/** Which frames are let through, by how many came before them in their window. */
function createFrameRules({ isOpen, onWindow, onFlood }: Peer) {
  const frames = createWindow();
  let isMessageLet = true;
  let hasSaidGoodbye = false;

  function isLet({ opcode, length }: Frame): boolean {
    if (opcode === OPCODE.close) return isFirstGoodbye();
    const wasOpen = isOpen();
    const nth = frames.count();
    if (nth === 1) onWindow();
    if (nth === MAX_FRAMES + 1) onFlood();
    // Its header is all that the parser needs to end the connection.
    if (length > MAX_PAYLOAD_BYTES) return wasOpen;
    // A message's fragments share its fate.
    if (opcode === OPCODE.continuation) return wasOpen && isMessageLet;
    const isWithin = wasOpen && nth <= MAX_FRAMES;
    if (opcode < OPCODE.close) isMessageLet = isWithin;
    return isWithin;
  }

  function isFirstGoodbye(): boolean {
    const isFirst = !hasSaidGoodbye;
    hasSaidGoodbye = true;
    return isFirst;
  }

  return { isLet, left_ms: frames.left_ms };
}
