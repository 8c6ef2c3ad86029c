/**
 * Broadcast carries announcements between processes. It promises nothing but speed: a message may be lost, and a subscriber that
 * listens heals from Postgres. Two adapters, one contract test.
 */
export interface Broadcast {
  /** Rejects when the message could not be handed over; it may still be lost later. */
  publish(channel: string, message: string): Promise<void>;
  /** Resolves once every later message of the channel reaches the listener. The result ends the subscription. */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>>;
  /** Called after an interruption, when messages may have been missed and subscriptions hold again. */
  onInterruption(listener: () => void): void;
  /** null where there is no connection that could be lost. */
  isConnected(): boolean | null;
  close(): Promise<void>;
}
