/**
 * The outgoing side of one connection. It hands over one batch at a time and the next when the kernel has taken that, so
 * a connection holds no more than a batch and the latest message of each kind, however much there is for it.
 */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { type CloseCode, type Listener, type Message, REASONS } from './messages.ts';
import { type Batch, type Prepared, prepare } from './prepared.ts';

/** A connection as its transport gives it. */
export interface Wire {
  /** Whole frames, in one piece. @returns whether all is taken; where not, `onTaken` of the visit is called when it is */
  write(batch: Batch): boolean;
  /** Says goodbye, and cuts a peer that does not hear it. */
  close(code: CloseCode): void;
  isOpen(): boolean;
}

type Make = () => Message | Prepared | undefined;

export class Outlet implements Listener {
  readonly #wire: Wire;
  readonly #metrics: Metrics;
  readonly #delivery: { onFree(): void };
  #stalled_at = 0;
  #isWelcome = false;
  #isClosed = false;
  #owed: Map<string, Make> | undefined;
  readonly #prepare: (message: Message) => Prepared;

  /**
   * @param delivery is told when it takes again and nothing but events is left to be sent
   * @param inWords says what all kinds of rooms say in the words of this one
   */
  constructor(wire: Wire, metrics: Metrics, delivery: { onFree(): void }, inWords = prepare) {
    this.#wire = wire;
    this.#metrics = metrics;
    this.#delivery = delivery;
    this.#prepare = inWords;
  }

  isOpen(): boolean {
    return !this.#isClosed && this.#wire.isOpen();
  }

  isWelcome(): boolean {
    return this.#isWelcome;
  }

  /** False while the kernel has not taken what was written last. */
  takes(): boolean {
    return this.#stalled_at === 0;
  }

  /** Since when it has taken nothing, by the monotonic clock; 0 while it takes. */
  stalledSince(): number {
    return this.#stalled_at;
  }

  /** Messages that wait, without events. */
  waiting(): number {
    return this.#owed?.size ?? 0;
  }

  /** To be called only while it takes. */
  write(batch: Batch): void {
    this.#metrics.sent.delivered += batch.messages.length;
    this.#metrics.deliveries.count(batch.messages.length);
    if (!this.#wire.write(batch)) this.#stalled_at = performance.now();
  }

  send(message: Message): void {
    this.owe(kindOf(message), () => message);
  }

  /** What many are told is prepared once for all of them. */
  owe(kind: string, make: Make): void {
    if (!this.isOpen()) return;
    this.#owed ??= new Map();
    this.#owed.set(kind, make);
    this.#sendOwed();
  }

  #sendOwed(): void {
    if (!this.#owed) return;
    for (const [kind, make] of this.#owed) {
      if (!this.takes() || !this.isOpen()) return;
      if (!this.#isWelcome && !kind.startsWith('ERROR')) continue;
      this.#owed.delete(kind);
      const message = make();
      if (message) this.write({ messages: ['text' in message ? message : this.#prepare(message)] });
    }
    if (this.#owed.size === 0) this.#owed = undefined;
  }

  /** The first words, in their order and in one write; from here on everything may be sent. */
  welcome(messages: readonly Prepared[]): void {
    this.#isWelcome = true;
    if (this.takes()) this.write({ messages });
    else
      this.#owed = new Map([
        ...messages.map((message) => [`first ${message.type}`, () => message] as const),
        ...(this.#owed ?? []),
      ]);
    this.#sendOwed();
  }

  /** The kernel has all. */
  onTaken(): void {
    if (this.takes()) return;
    this.#stalled_at = 0;
    this.#sendOwed();
    if (this.takes() && this.isOpen()) this.#delivery.onFree();
  }

  close(code: CloseCode, message: Message): void {
    if (!this.isOpen()) return;
    this.write({ messages: [this.#prepare(message)] });
    this.#isClosed = true;
    this.#owed = undefined;
    this.#metrics.closedSockets.inc({ reason: REASONS[code] });
    this.#wire.close(code);
  }
}

function kindOf(message: Message): string {
  return message.type === 'ERROR' ? `ERROR ${message.code}` : message.type;
}
