/** The rooms of matches in this process, one for each tier that is followed. A room stays a while after its last follower. */
import type { Tier } from '../../infra/feeds/matchFanout.ts';
import { createMatchRoom, type MatchRoom, type MatchRoomOptions } from './matchRoom.ts';

export interface MatchRooms {
  /** To be matched by one `release`. */
  acquire(match_id: string, tier: Tier): MatchRoom;
  release(room: MatchRoom): void;
  /** Rooms with followers. */
  occupied(): MatchRoom[];
  close(): void;
}

const LINGER_MS = 30_000;

interface Kept {
  room: MatchRoom;
  uses: number;
  linger?: NodeJS.Timeout;
}

export function createMatchRooms(options: MatchRoomOptions): MatchRooms {
  const kept = new Map<string, Kept>();
  const keyOf = ({ match_id, tier }: Pick<MatchRoom, 'match_id' | 'tier'>) => `${match_id} ${tier}`;

  function acquire(match_id: string, tier: Tier): MatchRoom {
    const key = keyOf({ match_id, tier });
    const found = kept.get(key) ?? { room: createMatchRoom(match_id, tier, options), uses: 0 };
    kept.set(key, found);
    found.uses += 1;
    clearTimeout(found.linger);
    return found.room;
  }

  function release(room: MatchRoom): void {
    const found = kept.get(keyOf(room));
    if (found?.room !== room) return;
    found.uses -= 1;
    if (found.uses === 0) found.linger = setTimeout(forget, LINGER_MS, room).unref();
  }

  function forget(room: MatchRoom): void {
    kept.delete(keyOf(room));
    room.close();
  }

  function close(): void {
    for (const { room, linger } of kept.values()) {
      clearTimeout(linger);
      room.close();
    }
    kept.clear();
  }

  return {
    acquire,
    release,
    occupied: () => [...kept.values()].map(({ room }) => room).filter((room) => room.isOccupied()),
    close,
  };
}
