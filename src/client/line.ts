/**
 * One connection: messages are heard one after the other, also where hearing one takes a while; a PING now and then finds
 * a connection that died without a word; what was received is acknowledged in batches.
 */
import { createAcknowledgements } from './acknowledgements.ts';
import { LineLost } from './endings.ts';
import { createInbox, type Hear } from './inbox.ts';
import type { ClientMessage, Socket, SocketConstructor } from './protocol.ts';

export interface Timing {
  ping_ms: number;
  /** For opening, and for an answer to a PING. */
  timeout_ms: number;
}

/** How a connection ended: by the server's close code, or by an error of ours. */
export type LineEnd = { code: number } | { error: Error };

export interface Line {
  send(message: ClientMessage): void;
  /** When the last PING was sent, in ms. */
  pinged_at(): number;
  ping(): void;
  /** Everything up to here was received. */
  acknowledge(event_sequence: number): void;
  /** Nothing more is heard. */
  end(end: LineEnd): void;
  /** Once all that came before the end has been heard. */
  ended: Promise<LineEnd>;
}

const NORMAL = 1000;
const OPEN = 1;

/** @param question what is sent to see whether anybody is there */
export function openLine(
  url: string,
  protocol: string,
  Constructor: SocketConstructor,
  timing: Timing,
  question: ClientMessage = { type: 'PING' },
): LineToHear {
  const socket = new Constructor(url, protocol);
  const { promise: ended, resolve } = deferred<LineEnd>();
  const inbox = createInbox((error) => end({ error }));
  const acks = createAcknowledgements(send);
  let pinged_at = 0;
  /** When the PING was sent after which nothing has come yet. */
  let unanswered_at: number | undefined;
  let isOver = false;
  let timer = setTimeout(() => end({ error: new LineLost('The connection did not open in time.') }), timing.timeout_ms);

  function send(message: ClientMessage): void {
    if (socket.readyState === OPEN) socket.send(JSON.stringify(message));
  }

  function ping(): void {
    pinged_at = Date.now();
    unanswered_at ??= pinged_at;
    send(question);
  }

  /** A page in the background beats as seldom as once a minute: only what was asked can be missed. */
  function beat(): void {
    if (unanswered_at !== undefined && Date.now() - unanswered_at > timing.timeout_ms) {
      end({ error: new LineLost('The server has fallen silent.') });
      return;
    }
    ping();
    timer = setTimeout(beat, timing.ping_ms);
  }

  function end(how: LineEnd): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    acks.stop();
    inbox.stop();
    closeSocket(socket);
    resolve(how);
  }

  socket.addEventListener('open', () => {
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(beat, timing.ping_ms);
  });
  socket.addEventListener('message', ({ data }) => {
    unanswered_at = undefined;
    inbox.put(data);
  });
  // A close follows.
  socket.addEventListener('error', () => {});
  socket.addEventListener('close', ({ code }) => inbox.atEnd(() => end({ code })));

  const hearWith = (hear: Hear) => inbox.hearWith(hear);
  return { send, ping, pinged_at: () => pinged_at, acknowledge: acks.add, end, ended, hearWith };
}

export type LineToHear = Line & { hearWith(hear: Hear): void };

function closeSocket(socket: Socket): void {
  try {
    socket.close(NORMAL);
  } catch {
    // It was not open yet; browsers and `ws` then end it by themselves.
  }
}

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
