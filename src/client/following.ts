/** What a client has that outlives its connections, as each of them uses it. */
import type { JsonObject } from '../core/definitions/event.ts';
import type { Countdown } from './countdown.ts';
import type { Line } from './line.ts';
import type { Pages } from './pages.ts';
import type { SessionEvent, SnapshotData } from './protocol.ts';
import type { ServerTime } from './serverTime.ts';
import type { VerifiedChain } from './verifiedChain.ts';

export interface Following {
  chain: VerifiedChain;
  pages: Pages;
  countdown: Countdown;
  time: ServerTime;
  /** @returns false when no more is wanted just now */
  give(event: SessionEvent): boolean;
  onSnapshot(data: SnapshotData): void;
  onPresence(presence: JsonObject): void;
  onWelcome(line: Line): void;
  onLive(): void;
  /** For the next connection. */
  onTicket(ticket: string): void;
}
