/**
 * The rooms of one kind in this process, one for each session with listeners. A room stays a while after its last
 * listener, because most of them come back; heads and snapshots that many ask for at once are read once.
 */

import { apart, createBatcher } from '../../core/batcher.ts';
import { GENESIS_HASH } from '../../core/chain/chain.ts';
import type { Position, Snapshot } from '../listeners/messages.ts';
import { type Prepared, prepare } from '../listeners/prepared.ts';
import type { Readers } from './readers.ts';
import { createRoom, type Room, type RoomOptions } from './room.ts';

/** A session's state as all who ask for it at once are told. */
export interface PreparedSnapshot {
  head: Position;
  message: Prepared;
}

export interface Rooms {
  /** To be matched by one `release`. */
  acquire(session_id: string): Room;
  release(room: Room): void;
  /** Rooms with listeners. */
  occupied(): Room[];
  /** The record's head, as it is after the call. */
  readHead(session_id: string): Promise<Position>;
  /** A snapshot that is not older than this position, which the record must have reached. */
  readSnapshot(session_id: string, atLeast: Position): Promise<PreparedSnapshot>;
  close(): void;
}

const LINGER_MS = 30_000;
const HEADS_AT_ONCE = 1_000;
/** Where thousands come within seconds, each would wait for a statement of a few. */
const HEADS_APART_MS = 50;
const LASTING_MS = 1_000;
const EMPTY: Position = { event_sequence: 0, event_hash: GENESIS_HASH };

interface Kept {
  room: Room;
  uses: number;
  linger?: NodeJS.Timeout;
}

export interface RoomsOptions extends Omit<RoomOptions, 'onBroken' | 'onErased'> {
  readers: Readers;
}

export function createRooms(options: RoomsOptions): Rooms {
  const { readers } = options;
  const kept = new Map<string, Kept>();
  const snapshots = new Map<string, Promise<PreparedSnapshot>>();
  /** The latest state of rooms to which many come one after the other: at one head it is one, but for a clock that runs. */
  const lasting = new Map<string, Snapshot>();
  const heads = createBatcher<string, Position>(HEADS_AT_ONCE, readHeads, () => true, apart(HEADS_APART_MS));

  function acquire(session_id: string): Room {
    const found = kept.get(session_id) ?? {
      room: createRoom(session_id, { ...options, onBroken: forget, onErased }),
      uses: 0,
    };
    kept.set(session_id, found);
    found.uses += 1;
    clearTimeout(found.linger);
    return found.room;
  }

  function release(room: Room): void {
    const found = kept.get(room.session_id);
    if (found?.room !== room) return;
    found.uses -= 1;
    if (found.uses === 0) found.linger = setTimeout(forget, LINGER_MS, room).unref();
  }

  function forget(room: Room): void {
    if (kept.get(room.session_id)?.room === room) kept.delete(room.session_id);
    room.close();
  }

  function onErased({ session_id }: Room): void {
    lasting.delete(session_id);
  }

  async function readHeads(session_ids: string[]): Promise<Position[]> {
    const found = await readers.readHeads([...new Set(session_ids)]);
    return session_ids.map((id) => {
      const { event_sequence, event_hash } = found.get(id) ?? EMPTY;
      return { event_sequence, event_hash };
    });
  }

  async function readSnapshot(session_id: string, atLeast: Position): Promise<PreparedSnapshot> {
    const snapshot = await sharedSnapshot(session_id, atLeast);
    if (snapshot.head.event_sequence >= atLeast.event_sequence) return snapshot;
    // That snapshot was started before this call and may be stale; one started now is not.
    return sharedSnapshot(session_id, atLeast);
  }

  function sharedSnapshot(session_id: string, atLeast: Position): Promise<PreparedSnapshot> {
    const underWay = snapshots.get(session_id);
    if (underWay) return underWay;
    const begun = prepareSnapshot(session_id, atLeast).finally(() => snapshots.delete(session_id));
    snapshots.set(session_id, begun);
    return begun;
  }

  async function prepareSnapshot(session_id: string, { event_hash }: Position): Promise<PreparedSnapshot> {
    const last = lasting.get(session_id);
    const known = last?.head.event_hash === event_hash ? last : undefined;
    const data = await readers.readSnapshot(session_id, known);
    if (!known && data.clock === null) keep(session_id, data);
    return { head: data.head, message: prepare({ type: 'SNAPSHOT', data }) };
  }

  function keep(session_id: string, state: Snapshot): void {
    lasting.set(session_id, state);
    setTimeout(() => lasting.delete(session_id), LASTING_MS).unref();
  }

  return {
    acquire,
    release,
    occupied: () => [...kept.values()].map(({ room }) => room).filter((room) => room.isOccupied()),
    readHead: (session_id) => heads.push(session_id),
    readSnapshot,
    close() {
      for (const { room, linger } of kept.values()) {
        clearTimeout(linger);
        room.close();
      }
      kept.clear();
    },
  };
}
