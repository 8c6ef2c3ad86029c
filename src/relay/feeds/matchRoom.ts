/**
 * One tier of a match, for all who follow it here: how it is, from what was kept of it or from Postgres, and every change
 * that is heard from there on, once and in order. Where one was not heard, followers are given a snapshot in its place.
 */
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { channelOf, type Heard, isWithdrawn, readHeard, type Tier } from '../../infra/feeds/matchFanout.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Batch, Prepared } from '../listeners/prepared.ts';
import { subscribe } from '../rooms/subscription.ts';
import type { MatchReaders, MatchTier } from './matchReaders.ts';
import { createTierView } from './tierView.ts';

export interface Follower {
  /** A change of what it has. */
  tell(change: Batch): void;
  /** What it has is out of date: it begins again. */
  begin(): void;
}

export interface MatchRoom {
  readonly match_id: string;
  readonly tier: Tier;
  /** To be awaited before anything else. Rejects where neither what is kept nor Postgres can be read. */
  open(): Promise<void>;
  add(follower: Follower): void;
  remove(follower: Follower): void;
  isOccupied(): boolean;
  /** For one that begins. */
  first(): Prepared[];
  /** 0 before it is open. */
  version(): number;
  /** The version in Postgres, read after the room was at `before`. */
  compare(before: number, recorded: number): void;
  close(): void;
}

export interface MatchRoomOptions {
  readers: Pick<MatchReaders, 'read' | 'readRecorded'>;
  broadcast: Pick<Broadcast, 'subscribe'>;
  log: Log;
  /** The match is shown no more. */
  onWithdrawn(match_id: string): void;
}

/** An announcement may be under way. */
const GRACE_MS = 100;
/** Before the room is open: the check of versions finds what is more. */
const MAX_EARLY = 64;

export function createMatchRoom(match_id: string, tier: Tier, options: MatchRoomOptions): MatchRoom {
  const { readers, broadcast, log, onWithdrawn } = options;
  const view = createTierView(match_id, tier);
  const followers = new Set<Follower>();
  const subscription = subscribe(broadcast, channelOf(match_id, tier), hear, () => void readAgain(), log);
  let early: Heard[] = [];
  let opening: Promise<void> | undefined;
  let reading: Promise<void> | undefined;
  let grace: NodeJS.Timeout | undefined;

  function open(): Promise<void> {
    opening ??= subscription.ready
      .then(() => readers.read(match_id, tier))
      .then(begin)
      .catch((fault) => {
        opening = undefined;
        throw fault;
      });
    return opening;
  }

  function begin(read: MatchTier): void {
    view.adopt(read);
    for (const heard of early.splice(0)) take(heard);
  }

  function hear(text: string): void {
    const heard = readHeard(text);
    if (!heard) {
      log.warn({ match_id, tier }, 'announcement of a match not genuine; reading it again');
      void readAgain();
    } else if (view.isKnown()) take(heard);
    else early = [...early, heard].slice(-MAX_EARLY);
  }

  function take(heard: Heard): void {
    const told = view.take(heard);
    if (told === 'gap') void readAgain();
    else if (told === 'jump') beginAgain();
    else if (told !== 'old') for (const follower of followers) follower.tell(told);
    if (isWithdrawn(heard)) onWithdrawn(match_id);
  }

  function beginAgain(): void {
    for (const follower of followers) follower.begin();
  }

  function compare(before: number, recorded: number): void {
    if (!view.isKnown() || recorded === before) return;
    // What was told is committed: a record that has less of it was restored.
    if (recorded < before) return void readAgain(true);
    grace ??= setTimeout(() => {
      grace = undefined;
      if (view.version() < recorded) void readAgain();
    }, GRACE_MS).unref();
  }

  /** @param isRestored the record is believed, though it has less */
  function readAgain(isRestored = false): Promise<void> {
    reading ??= readOnce(isRestored).finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function readOnce(isRestored: boolean): Promise<void> {
    try {
      const read = await readers.readRecorded(match_id, tier);
      const isOlder = read.version < view.version() && !isRestored;
      if (view.isKnown() && !isOlder && view.adopt(read)) beginAgain();
    } catch (err) {
      log.warn({ err, match_id }, 'reading a match failed, retrying at the next check');
    }
  }

  function close(): void {
    clearTimeout(grace);
    subscription.end();
  }

  return {
    ...{ match_id, tier, open, first: view.first, version: view.version, compare, close },
    add: (follower) => void followers.add(follower),
    remove: (follower) => void followers.delete(follower),
    isOccupied: () => followers.size > 0,
  };
}
