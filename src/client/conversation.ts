/** What is done with each message of one connection. */
import { createCatchUp } from './catchUp.ts';
import type { Following } from './following.ts';
import type { Line } from './line.ts';
import type { ServerMessage } from './protocol.ts';
import type { Tokens } from './tokens.ts';
import { ChainBroken } from './verifiedChain.ts';

/** What the server last said of why it ends the connection, and when to come back. */
export interface Farewell {
  code?: string;
  detail?: string;
  retry_in_ms?: number;
}

export interface Conversation {
  /** @param data of one frame. @throws {ChainBroken | LineLost | PageRefused | Refused} */
  hear(data: unknown): Promise<void> | undefined;
  farewell(): Farewell;
}

export function converse(line: Line, tokens: Tokens, following: Following): Conversation {
  const { chain, time, onPresence, onTicket } = following;
  const { event, snapshot, resync, synced, reached } = createCatchUp(line, tokens, following);
  let farewell: Farewell = {};

  function welcome({ head, resume_ticket }: ServerMessage): void {
    chain.claim(head);
    keepTicket(resume_ticket);
    following.onWelcome(line);
    line.ping();
  }

  function pong({ timestamp, head }: ServerMessage): Promise<void> | undefined {
    time.learn(timestamp, line.pinged_at(), Date.now());
    return reached(chain.claim(head).event_sequence);
  }

  function drain({ reconnect_in_ms, resume_ticket }: ServerMessage): void {
    keepTicket(resume_ticket);
    if (typeof reconnect_in_ms === 'number') farewell = { ...farewell, retry_in_ms: reconnect_in_ms };
  }

  function error({ code, detail, retry_after_ms }: ServerMessage): void {
    farewell = { ...farewell, code: String(code), detail: String(detail) };
    if (typeof retry_after_ms === 'number') farewell.retry_in_ms = retry_after_ms;
  }

  async function renew(): Promise<void> {
    const fresh = await tokens.renew();
    if (fresh !== undefined) line.send({ type: 'REAUTH', token: fresh });
  }

  function keepTicket(ticket: unknown): void {
    if (typeof ticket === 'string') onTicket(ticket);
  }

  /** What a later version sends besides is left alone. */
  const HEARD: { [type: string]: (message: ServerMessage) => Promise<void> | undefined | void } = {
    WELCOME: welcome,
    SNAPSHOT: snapshot,
    EVENT: event,
    SYNCED: synced,
    RESYNC: resync,
    PONG: pong,
    PRESENCE: ({ type: _, ...presence }) => onPresence(presence),
    TOKEN_EXPIRING: () => void renew(),
    DRAIN: drain,
    ERROR: error,
  };

  function hear(data: unknown): Promise<void> | undefined {
    const message = read(data);
    if (!message) throw new ChainBroken('unreadable', (chain.last()?.event_sequence ?? 0) + 1);
    return (Object.hasOwn(HEARD, message.type) ? HEARD[message.type]!(message) : undefined) as undefined;
  }

  return { hear, farewell: () => farewell };
}

function read(data: unknown): ServerMessage | undefined {
  try {
    const message = JSON.parse(data as string) as ServerMessage;
    return typeof message?.type === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
