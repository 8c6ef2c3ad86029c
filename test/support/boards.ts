/** A board as a foyer has one: each match stands on it as it was told, from the snapshot on, change by change. */
import { expect, vi } from 'vitest';
import type { Json, Person } from './client.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from './listener.ts';

export const TRANSPORTS = [listenOnWebSocket, listenOnSocketIo] as const;

export interface Board {
  listener: Listener;
  follow(match_id: string, tiers?: number[]): Promise<void>;
  /** All that was said of the scoreboard of a match. */
  told(match_id: string): Json[];
  /** The scoreboard as it stands there. */
  stateOf(match_id: string): Json | undefined;
  /** Resolves when it shows this of a match. */
  shows(match_id: string, wanted: Json): Promise<void>;
  /** Changes that came before what they change, or again. */
  disorder(): Json[];
}

/** A board that answers nothing is taken for gone after ten seconds. */
const ANSWERED_EVERY_MS = 500;

/** Long enough for a leader to come after another, and for a feed that has spent the requests of its minute. */
const PATIENCE = { timeout: 90_000, interval: 50 };

export async function openBoard(url: string, { token }: Person, on: (typeof TRANSPORTS)[number]): Promise<Board> {
  const listener = await on(url, { token, namespace: '/feeds' });
  await listener.until(({ type }) => type === 'state');
  answerPings(listener);
  const followed = new Set<string>();
  const told = (match_id: string) => listener.messages.filter((one) => one.match_id === match_id && one.tier === 0);

  async function follow(match_id: string, tiers = [0]): Promise<void> {
    listener.send({ type: 'subscribe', match_id, tiers });
    followed.add(match_id);
    const isThere = (tier: number) => (one: Json) =>
      one.type === 'snapshot' && one.match_id === match_id && one.tier === tier;
    await vi.waitFor(() => {
      for (const tier of tiers) expect(listener.messages.some(isThere(tier)), `tier ${tier}`).toBe(true);
    }, PATIENCE);
  }

  function stateOf(match_id: string): Json | undefined {
    let state: Json | undefined;
    for (const one of told(match_id)) {
      if (one.type === 'snapshot') state = one.state;
      if (one.type === 'delta') state = { ...state, ...one.changed };
    }
    return state;
  }

  async function shows(match_id: string, wanted: Json): Promise<void> {
    await vi.waitFor(() => expect(stateOf(match_id)).toMatchObject(wanted), PATIENCE);
  }

  function disorderOf(match_id: string): Json[] {
    let last: number | undefined;
    return told(match_id).filter(({ type, version }) => {
      const isWrong = type === 'delta' && (last === undefined || version <= last);
      last = version;
      return isWrong;
    });
  }

  return { listener, follow, told, stateOf, shows, disorder: () => [...followed].flatMap(disorderOf) };
}

function answerPings({ messages, send, closed }: Listener): void {
  let answered = 0;
  const timer = setInterval(() => {
    const asked = messages.filter(({ type }) => type === 'ping').length;
    for (; answered < asked; answered += 1) send({ type: 'pong' });
  }, ANSWERED_EVERY_MS);
  void closed.then(() => clearInterval(timer));
}
