/** The jobs of feeds on queue `default`, as the leader asks for them and workers answer. */
import type { Poll } from './polls.ts';

/** Reads rooms again of which something was missed, compares sources again, and removes matches that are kept no longer. */
export const HEAL_ROOMS = 'rooms.heal';
/** Asks about one tier of a round. */
export const POLL_ROUND = 'feed.poll';
/** Reads the schedule of a feed. */
export const SYNC_FEED = 'feed.sync';

/** Sends a result to its site. */
export const POST_RESULT = 'match.result';

/** A leader of a later term has taken over from the one that asked: the job is dropped. */
export interface Fenced {
  tick: number;
  term: number;
}

export interface PollJob extends Poll, Fenced {}

export interface SyncJob extends Fenced {
  feed_id: string;
}
