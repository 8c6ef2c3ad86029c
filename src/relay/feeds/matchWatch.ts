/**
 * Looks at every match that is followed again, every two seconds, as any announcement may be lost: rooms that are behind
 * Postgres read what they lack, and subscriptions whose match has gone out of their scope are ended. A change of one of our
 * own rooms is looked at as soon as it is announced.
 */
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { listenForScopeChanges } from '../../infra/broadcast/scopeChanges.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { checkInTurn } from '../listeners/checkInTurn.ts';
import type { FollowedMatches } from './followedMatches.ts';
import type { MatchReaders } from './matchReaders.ts';
import type { MatchRoom } from './matchRoom.ts';
import { mayFollow } from './mayFollow.ts';

export interface MatchWatchOptions {
  readers: Pick<MatchReaders, 'findAll'>;
  followed: FollowedMatches;
  rooms: { occupied(): MatchRoom[] };
  broadcast: Broadcast;
  log: Log;
}

export interface MatchWatch {
  check(match_ids: readonly string[]): void;
  close(): void;
}

const EVERY_MS = { usual: 2_000, withoutBroadcast: 500 };
const MATCHES_AT_ONCE = 500;

export function watchMatches({ readers, followed, rooms, broadcast, log }: MatchWatchOptions): MatchWatch {
  let isClosed = false;
  const check = checkInTurn(checkSome, MATCHES_AT_ONCE);
  let timer = checkLater();

  async function checkSome(match_ids: string[]): Promise<void> {
    if (isClosed) return;
    // Those that come meanwhile were let in on what may be newer.
    const subscriptions = match_ids.flatMap((id) => [...followed.of(id)]);
    const asked = new Set(match_ids);
    const stood = rooms.occupied().filter(({ match_id }) => asked.has(match_id));
    const versions = stood.map((room) => room.version());
    try {
      const found = await readers.findAll(match_ids);
      for (const subscription of subscriptions) {
        const match = found.get(subscription.match_id)?.match;
        if (!match || !mayFollow(subscription.identity(), match)) subscription.dismiss();
      }
      for (const [i, room] of stood.entries()) {
        const recorded = found.get(room.match_id)?.version;
        if (recorded !== undefined) room.compare(versions[i]!, recorded);
      }
    } catch (err) {
      log.warn({ err }, 'checking matches failed');
    }
  }

  function checkLater(): NodeJS.Timeout {
    const wait_ms = broadcast.isConnected() === false ? EVERY_MS.withoutBroadcast : EVERY_MS.usual;
    return setTimeout(() => {
      void check(followed.match_ids()).then(() => {
        if (!isClosed) timer = checkLater();
      });
    }, wait_ms).unref();
  }

  const stopListening = listenForScopeChanges(
    broadcast,
    {
      // A match of our own is its assignment.
      onChange: (assignment_id) => void check([assignment_id]),
      onInterruption: () => void check(followed.match_ids()),
    },
    log,
  );

  function close(): void {
    isClosed = true;
    clearTimeout(timer);
    stopListening();
  }

  return { check: (match_ids) => void check(match_ids), close };
}
