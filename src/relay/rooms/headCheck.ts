/**
 * The head check: about every second the record's heads are compared with those of all rooms that have listeners, one
 * query for a thousand rooms. It is what makes a lost last announcement only late, and tells a record that lost what was
 * delivered, after a failover or a restore. Busy rooms are not left out: an
 * announcement may be lost right after one that was heard.
 */
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Readers } from './readers.ts';
import type { Rooms } from './rooms.ts';

const EVERY_MS = { least: 900, most: 1_100, withoutBroadcast: 500 };
const ROOMS_AT_ONCE = 1_000;

export interface HeadCheckOptions {
  rooms: Rooms;
  readers: Pick<Readers, 'readHeads'>;
  broadcast: Broadcast;
  log: Log;
}

/** @returns what ends it */
export function startHeadCheck({ rooms, readers, broadcast, log }: HeadCheckOptions): () => void {
  let timer: NodeJS.Timeout;
  let isChecking = false;
  let stopped = false;

  function round(): void {
    schedule();
    if (isChecking) return;
    isChecking = true;
    void checkAll().finally(() => {
      isChecking = false;
    });
  }

  function schedule(): void {
    const { least, most, withoutBroadcast } = EVERY_MS;
    const usual = least + Math.random() * (most - least);
    timer = setTimeout(round, broadcast.isConnected() === false ? withoutBroadcast : usual).unref();
  }

  /** @param grace_ms how long an announcement may be under way; the rooms' own when not given */
  async function checkAll(grace_ms?: number): Promise<void> {
    const occupied = rooms.occupied();
    try {
      for (let i = 0; i < occupied.length; i += ROOMS_AT_ONCE) {
        const some = occupied.slice(i, i + ROOMS_AT_ONCE);
        const stood = some.map((room) => room.head());
        const ids = some.map((room) => room.session_id);
        const heads = await readers.readHeads(ids);
        for (const [n, room] of some.entries()) {
          const recorded = heads.get(room.session_id);
          room.compare(stood[n]!, recorded, grace_ms);
          room.knownErasures(recorded?.erased ?? 0);
        }
      }
    } catch (err) {
      log.warn({ err }, 'head check failed');
    }
  }

  broadcast.onInterruption(() => {
    if (!stopped) void checkAll(0);
  });
  schedule();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
