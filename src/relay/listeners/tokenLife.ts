/**
 * The token of a connection. A minute before it ends the client is told, and may put another of the same bearer in its
 * place; else the connection ends with it. The ticket of an observer bounds its admission alone.
 */
import { type Identity, isCurrent, type Ticket, type Tokens } from '../../infra/tokens.ts';
import type { Admitted } from './admission.ts';
import { CLOSE, dismiss, type Message } from './messages.ts';
import type { Outlet } from './outlet.ts';

export const WARN_MS = 60_000;
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

export class TokenLife {
  /** Its `identity` becomes that of the newer token. */
  readonly #admitted: Pick<Admitted, 'identity'>;
  readonly #tokens: Verifying;
  readonly #outlet: Pick<Outlet, 'isOpen' | 'isWelcome' | 'owe' | 'close'>;
  /** Whether the protocol has a word for it. */
  readonly #warns: boolean;
  /** Of the warning that was given for the token as it is. */
  #isWarned = false;

  constructor(
    admitted: Pick<Admitted, 'identity'>,
    tokens: Verifying,
    outlet: Pick<Outlet, 'isOpen' | 'isWelcome' | 'owe' | 'close'>,
    warns = true,
  ) {
    this.#admitted = admitted;
    this.#tokens = tokens;
    this.#outlet = outlet;
    this.#warns = warns;
  }

  /** To be called often: a timer for each connection would cost more than the connection. @param now_ms by the wall clock */
  inspect(now_ms: number): void {
    if ('session_id' in this.#admitted.identity) return;
    const left = endOf(this.#admitted.identity) - now_ms;
    if (left <= 0) this.#end(EXPIRED);
    else if (this.#warns && left <= WARN_MS && !this.#isWarned && this.#outlet.isWelcome()) this.#warn();
  }

  #warn(): void {
    this.#isWarned = true;
    this.#outlet.owe('TOKEN_EXPIRING', () => ({
      type: 'TOKEN_EXPIRING',
      in_ms: Math.max(0, endOf(this.#admitted.identity) - Date.now()),
    }));
  }

  #end(message: Message): void {
    dismiss(this.#outlet, CLOSE.token, message);
  }

  /** The client sent another token. */
  async renew(token: string): Promise<void> {
    const newer = await this.#identify(token).catch(() => 'unavailable' as const);
    if (!this.#outlet.isOpen()) return;
    if (newer === 'unavailable') {
      this.#outlet.owe('REAUTH', () => UNAVAILABLE);
      return;
    }
    if (!newer || !isCurrent(newer) || !isSuccessor(newer, this.#admitted.identity)) {
      this.#end(UNFIT);
      return;
    }
    this.#admitted.identity = newer;
    this.#isWarned = false;
    this.#outlet.owe('REAUTHED', () => ({ type: 'REAUTHED', expires_at: new Date(endOf(newer)).toISOString() }));
  }

  /** A ticket is followed by a ticket, a token by a token, that of a board by a board's. */
  #identify(token: string): Promise<Identity | Ticket | undefined> {
    const { identity } = this.#admitted;
    if (identity.actor.role === 'board') return this.#tokens.verifyBoard(token);
    const isTicket = 'session_id' in identity;
    return isTicket ? this.#tokens.verifyTicket(token) : this.#tokens.verify(token);
  }
}

const endOf = ({ expires_at }: Identity) => expires_at * 1_000;

/** What a connection goes on with. */
type Verifying = Pick<Tokens, 'verify' | 'verifyTicket' | 'verifyBoard'>;

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
