/**
 * How much a listener may say. Each message is counted before it is parsed, and what is too much never is: too many in
 * a window are answered once and dropped, and end the connection when it happens again; so does the third that is
 * no message at all.
 */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { Window } from '../transports/window.ts';
import { CLOSE, dismiss, type Listener, type Message } from './messages.ts';

/** In one window. */
export const MAX_MESSAGES = 20;
export const MAX_MESSAGE_BYTES = 8_192;
const MAX_BAD = 3;

/** A message as it came, not parsed yet. */
export interface Said {
  bytes: number;
  isText: boolean;
  /** @throws when it is no message: bad JSON, or not the envelope of its transport */
  parse(): unknown;
}

const RATE = {
  type: 'ERROR',
  code: 'message_rate',
  detail: `More than ${MAX_MESSAGES} messages in ten seconds are dropped; when it happens again, the connection ends.`,
} satisfies Message;
const BAD = {
  type: 'ERROR',
  code: 'bad_message',
  detail: `A message is a JSON text of at most ${MAX_MESSAGE_BYTES} bytes; the third that is not ends the connection.`,
} satisfies Message;

export class Inbound {
  readonly #listener: Listener;
  readonly #metrics: Metrics;
  readonly #messages = new Window();
  #floods = 0;
  #bad = 0;

  constructor(listener: Listener, metrics: Metrics) {
    this.#listener = listener;
    this.#metrics = metrics;
  }

  /** @returns undefined when it is not to be answered */
  hear(said: Said): unknown {
    if (!this.#listener.isOpen()) return undefined;
    const nth = this.#messages.count();
    if (nth > MAX_MESSAGES) {
      this.#metrics.refusedMessages.inc({ reason: 'rate' });
      if (nth === MAX_MESSAGES + 1) this.#onFlood();
      return undefined;
    }
    const message = read(said);
    if (message === undefined) this.#onBad();
    return message;
  }

  /** What was heard last is not counted. */
  excuse(): void {
    this.#messages.uncount();
  }

  #onFlood(): void {
    this.#floods += 1;
    if (this.#floods > 1) dismiss(this.#listener, CLOSE.limit, RATE);
    else this.#listener.send(RATE);
  }

  #onBad(): void {
    this.#bad += 1;
    this.#metrics.refusedMessages.inc({ reason: 'bad' });
    if (this.#bad === MAX_BAD) dismiss(this.#listener, CLOSE.messages, BAD);
    else this.#listener.send(BAD);
  }
}

function read({ bytes, isText, parse }: Said): unknown {
  if (!isText || bytes > MAX_MESSAGE_BYTES) return undefined;
  try {
    return parse();
  } catch {
    return undefined;
  }
}
