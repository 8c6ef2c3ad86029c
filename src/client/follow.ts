/**
 * One connection after the other, each from the last event on, until the client is closed, refused or deceived: random
 * waits between them that grow, and the server's own wish where it says when to come back.
 */
import type { Backoff } from './backoff.ts';
import { converse, type Farewell } from './conversation.ts';
import { ReadersFull, Refused } from './endings.ts';
import type { Following } from './following.ts';
import { type LineEnd, openLine, type Timing } from './line.ts';
import { PageRefused } from './pages.ts';
import { isTerminal, type SocketConstructor, SUBPROTOCOL, UNAUTHENTICATED } from './protocol.ts';
import type { Tokens } from './tokens.ts';
import { ChainBroken } from './verifiedChain.ts';

export interface FollowOptions {
  /** @returns the address for a connection with this token */
  address(token: string | undefined): string;
  Socket: SocketConstructor;
  timing: Timing;
  tokens: Tokens;
  backoff: Backoff;
  following: Following;
  onLost(): void;
  /** Resolves when readers have room again. */
  whenRoom(): Promise<void>;
  signal: AbortSignal;
}

/** Resolves when it is aborted. @throws {ChainBroken | Refused} where there is no going on */
export async function follow(options: FollowOptions): Promise<void> {
  const { signal, backoff, onLost, whenRoom } = options;
  while (!signal.aborted) {
    const { end, farewell } = await visit(options);
    if (signal.aborted) return;
    const wait_ms = comeBackAfter(end, farewell, options);
    onLost();
    if ('error' in end && end.error instanceof ReadersFull) await whenRoom();
    else await pause(wait_ms ?? backoff.next(), signal);
  }
}

async function visit(options: FollowOptions): Promise<{ end: LineEnd; farewell: Farewell }> {
  const { address, Socket, timing, tokens, following, signal } = options;
  try {
    const token = await tokens.get();
    if (signal.aborted) return { end: { code: 1000 }, farewell: {} };
    const line = openLine(address(token), SUBPROTOCOL, Socket, timing);
    const conversation = converse(line, tokens, following);
    const abort = () => line.end({ code: 1000 });
    signal.addEventListener('abort', abort);
    line.hearWith(conversation.hear);
    const end = await line.ended;
    signal.removeEventListener('abort', abort);
    return { end, farewell: conversation.farewell() };
  } catch (error) {
    // No token was to be had, or no socket made.
    return { end: { error: error as Error }, farewell: {} };
  }
}

/** @returns ms where the server says so. @throws where coming back would be in vain */
function comeBackAfter(end: LineEnd, farewell: Farewell, { tokens }: FollowOptions): number | undefined {
  if ('error' in end) {
    const { error } = end;
    if (error instanceof ChainBroken || error instanceof Refused) throw error;
    if (!(error instanceof PageRefused)) return undefined;
    if (error.isFinal && !(error.status === 401 && tokens.isRenewable())) throw new Refused(error.code, error.message);
    return error.retry_after_ms;
  }
  const { code } = end;
  const isFault = farewell.code === 'internal_error';
  if ((isFault || isTerminal(code)) && !(code === UNAUTHENTICATED && tokens.isRenewable())) {
    throw new Refused(farewell.code ?? 'refused', farewell.detail ?? `The relay closed with ${code}.`, code);
  }
  return farewell.retry_in_ms;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
