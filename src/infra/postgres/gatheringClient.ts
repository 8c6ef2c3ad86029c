/**
 * A connection that sends what it is asked in one turn of the event loop in one piece: Postgres wakes up once for it, and so does
 * whoever waits for the answers. pg by itself writes each statement alone, where one begins, declares and reads.
 */
import type { Writable } from 'node:stream';
import pg from 'pg';

export class GatheringClient extends pg.Client {
  private isGathering = false;

  // biome-ignore lint/suspicious/noExplicitAny: it takes and returns what that of pg does, which is many things
  override query(...asked: any[]): any {
    this.gather();
    return (super.query as (...all: unknown[]) => unknown)(...asked);
  }

  private gather(): void {
    if (this.isGathering) return;
    this.isGathering = true;
    // Where it is encrypted it is another one from then on.
    const { stream } = (this as unknown as { connection: { stream: Writable } }).connection;
    stream.cork();
    process.nextTick(() => {
      this.isGathering = false;
      stream.uncork();
    });
  }
}
