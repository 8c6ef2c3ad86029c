/**
 * The token of a connection. A minute before it ends the client is told, and may put another of the same bearer in its
 * place; else the connection ends with it. The ticket of an observer bounds its admission alone.
 */
import { type Identity, isCurrent, type Ticket, type Tokens } from '../../infra/tokens.ts';
import type { Admitted } from './admission.ts';
import type { Message } from './messages.ts';

export interface TokenLife {
  /** The listener was welcomed: from now on it is told. */
  start(): void;
  /** The client sent another token. */
  renew(token: string): Promise<void>;
  stop(): void;
}

export interface TokenLifeOptions {
  /** Its `identity` becomes that of the newer token. */
  admitted: Pick<Admitted, 'identity'>;
  tokens: Tokens;
  /** Says it as soon as the connection takes it. */
  owe(kind: string, make: () => Message): void;
  end(message: Message): void;
}

export const WARN_MS = 60_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
const EXPIRED: Message = { type: 'ERROR', code: 'unauthenticated', detail: 'The token has expired.' };
const UNAVAILABLE: Message = {
  type: 'ERROR',
  code: 'unavailable',
  detail: 'The token cannot be looked up just now: the connection goes on with the one before. Send REAUTH again.',
};
const UNFIT: Message = {
  type: 'ERROR',
  code: 'unauthenticated',
  detail: 'REAUTH takes a good token of the same person, role and institution, which ends later.',
};

export function createTokenLife({ admitted, tokens, owe, end }: TokenLifeOptions): TokenLife {
  let cancel: (() => void)[] = [];
  let isTold = false;
  let isStopped = false;
  const left_ms = () => endOf(admitted.identity) - Date.now();
  arm();

  function arm(): void {
    for (const one of cancel) one();
    cancel = [];
    if ('session_id' in admitted.identity || isStopped) return;
    const end_ms = endOf(admitted.identity);
    cancel.push(at(end_ms, () => end(EXPIRED)));
    if (isTold) cancel.push(at(end_ms - WARN_MS, warn));
  }

  function warn(): void {
    owe('TOKEN_EXPIRING', () => ({ type: 'TOKEN_EXPIRING', in_ms: Math.max(0, left_ms()) }));
  }

  function start(): void {
    isTold = true;
    arm();
  }

  async function renew(token: string): Promise<void> {
    const newer = await identify(token).catch(() => 'unavailable' as const);
    if (isStopped) return;
    if (newer === 'unavailable') {
      owe('REAUTH', () => UNAVAILABLE);
      return;
    }
    if (!newer || !isCurrent(newer) || !isSuccessor(newer, admitted.identity)) {
      end(UNFIT);
      return;
    }
    admitted.identity = newer;
    arm();
    owe('REAUTHED', () => ({ type: 'REAUTHED', expires_at: new Date(endOf(newer)).toISOString() }));
  }

  /** A ticket is followed by a ticket, a token by a token. */
  function identify(token: string): Promise<Identity | Ticket | undefined> {
    return 'session_id' in admitted.identity ? tokens.verifyTicket(token) : tokens.verify(token);
  }

  function stop(): void {
    isStopped = true;
    arm();
  }

  return { start, renew, stop };
}

const endOf = ({ expires_at }: Identity) => expires_at * 1_000;

/** Of the same bearer, for the same, and for longer. */
function isSuccessor(newer: Identity | Ticket, older: Identity | Ticket): boolean {
  const keys = ['id', 'role', 'institution_id'] as const;
  const sessionOf = (one: Identity | Ticket) => ('session_id' in one ? one.session_id : null);
  return (
    newer.expires_at > older.expires_at &&
    sessionOf(newer) === sessionOf(older) &&
    keys.every((key) => newer.actor[key] === older.actor[key])
  );
}

/** Calls back at an instant, which may be further away than a timer reaches. @returns what cancels it */
function at(time_ms: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = () => {
    const left = time_ms - Date.now();
    timer = left > MAX_TIMER_MS ? setTimeout(arm, MAX_TIMER_MS) : setTimeout(callback, left);
    timer.unref();
  };
  arm();
  return () => clearTimeout(timer);
}
