/**
 * The outgoing side of one connection. It hands over one batch at a time and the next when the kernel has taken that, so
 * a connection holds no more than a batch and the latest message of each kind, however much there is for it.
 */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { type CloseCode, type Listener, type Message, REASONS } from './messages.ts';
import { type Batch, type Prepared, prepare } from './prepared.ts';

/** A connection as its transport gives it. */
export interface Wire {
  /** Whole frames, in one piece. @returns whether all is taken; where not, `taken` of the visit is called when it is */
  write(batch: Batch): boolean;
  /** Says goodbye, and cuts a peer that does not hear it. */
  close(code: CloseCode): void;
  isOpen(): boolean;
}

export interface Outlet extends Listener {
  /** The first words, in their order; from here on everything may be sent. */
  welcome(messages: readonly Prepared[]): void;
  isWelcome(): boolean;
  /** What many are told is prepared once for all of them. */
  owe(kind: string, make: () => Message | Prepared | undefined): void;
  /** False while the kernel has not taken what was written last. */
  takes(): boolean;
  /** To be called only while it takes. */
  write(batch: Batch): void;
  /** The kernel has all. */
  onTaken(): void;
  /** Since when it has taken nothing, by the monotonic clock; 0 while it takes. */
  stalledSince(): number;
  /** Messages that wait, without events. */
  waiting(): number;
}

/** @param onFree called when it takes again and nothing but events is left to be sent */
export function createOutlet(wire: Wire, metrics: Metrics, onFree: () => void): Outlet {
  let stalled_at = 0;
  let isWelcome = false;
  let isClosed = false;
  let owed: Map<string, () => Message | Prepared | undefined> | undefined;

  const isOpen = () => !isClosed && wire.isOpen();

  function write(batch: Batch): void {
    metrics.sent.delivered += batch.messages.length;
    metrics.deliveries.count(batch.messages.length);
    if (!wire.write(batch)) stalled_at = performance.now();
  }

  function owe(kind: string, make: () => Message | Prepared | undefined): void {
    if (!isOpen()) return;
    owed ??= new Map();
    owed.set(kind, make);
    sendOwed();
  }

  function sendOwed(): void {
    if (!owed) return;
    for (const [kind, make] of owed) {
      if (stalled_at !== 0 || !isOpen()) return;
      if (!isWelcome && !kind.startsWith('ERROR')) continue;
      owed.delete(kind);
      const message = make();
      if (message) write({ messages: ['text' in message ? message : prepare(message)] });
    }
    if (owed.size === 0) owed = undefined;
  }

  function welcome(messages: readonly Prepared[]): void {
    isWelcome = true;
    owed = new Map([...messages.map((message) => [`first ${message.type}`, () => message] as const), ...(owed ?? [])]);
    sendOwed();
  }

  function onTaken(): void {
    if (stalled_at === 0) return;
    stalled_at = 0;
    sendOwed();
    if (stalled_at === 0 && isOpen()) onFree();
  }

  function close(code: CloseCode, message: Message): void {
    if (!isOpen()) return;
    write({ messages: [prepare(message)] });
    isClosed = true;
    owed = undefined;
    metrics.closedSockets.inc({ reason: REASONS[code] });
    wire.close(code);
  }

  return {
    send: (message) => owe(kindOf(message), () => message),
    owe,
    close,
    isOpen,
    welcome,
    isWelcome: () => isWelcome,
    takes: () => stalled_at === 0,
    write,
    onTaken,
    stalledSince: () => stalled_at,
    waiting: () => owed?.size ?? 0,
  };
}

function kindOf(message: Message): string {
  return message.type === 'ERROR' ? `ERROR ${message.code}` : message.type;
}
