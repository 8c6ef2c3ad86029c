/**
 * Events are given out only in an unbroken, verified row: where the server left some out and says so, they are fetched from
 * the log before anything later is looked at.
 */

import { LineLost, ReadersFull, Refused } from './endings.ts';
import type { Following } from './following.ts';
import type { Line } from './line.ts';
import { PageRefused } from './pages.ts';
import type { ServerMessage, SnapshotData } from './protocol.ts';
import type { Tokens } from './tokens.ts';
import { ChainBroken } from './verifiedChain.ts';

export function createCatchUp(line: Line, tokens: Tokens, following: Following) {
  const { chain, pages, countdown } = following;
  /** Where we were when the server was found to be ahead. */
  let stood_at: number | undefined;

  const place = () => chain.last()?.event_sequence ?? 0;

  function take(given: unknown): boolean {
    const taken = chain.take(given);
    countdown.follow(taken);
    line.acknowledge(taken.event_sequence);
    return following.give(taken);
  }

  function event(message: ServerMessage): void {
    if (!take(message)) throw new ReadersFull();
  }

  async function fill(to: number): Promise<void> {
    let isWanted = true;
    await pages.fill(to, tokens.current(), (given) => {
      isWanted = take(given);
      return isWanted;
    });
    if (!isWanted) throw new ReadersFull();
  }

  async function resync({ from, to, reason, event_hash }: ServerMessage): Promise<void> {
    if (reason === 'position_ahead') {
      if (chain.last()?.event_hash !== undefined) throw new ChainBroken('cut_off', Number(from), place());
      throw new Refused('position_ahead', `The record has no event ${place()} yet.`);
    }
    await fill(chain.claim({ event_sequence: to, event_hash }).event_sequence);
  }

  async function snapshot({ data }: ServerMessage): Promise<void> {
    const state = (data ?? {}) as SnapshotData;
    const head = chain.claim(state.head);
    if (!chain.last()) chain.begin(head);
    if (head.event_sequence > place()) await fill(head.event_sequence);
    countdown.begin(state);
    following.onSnapshot(state);
  }

  function synced({ event_sequence }: ServerMessage): void {
    if (Number(event_sequence) > place()) throw new ChainBroken('gap', place() + 1, place() + 1, null);
    following.onLive();
  }

  /** The record has come as far as this: where nothing came since the last time, the rest was lost on the way. */
  function reached(event_sequence: number): Promise<void> | undefined {
    const isBehind = chain.last() !== undefined && event_sequence > place();
    const isStuck = isBehind && stood_at === place();
    stood_at = isBehind ? place() : undefined;
    return isStuck ? recover(event_sequence) : undefined;
  }

  /** A connection that has lost events is not listened to any longer. */
  async function recover(to: number): Promise<void> {
    await fill(to).catch((error) => {
      if (!(error instanceof PageRefused)) throw error;
    });
    throw new LineLost('The last events were lost on the way.');
  }

  return { event, snapshot, resync, synced, reached };
}
