/** Tokens for sockets and API. One that was refused is not shown again: a function is asked for a fresh one. */

export type TokenSource = string | (() => string | Promise<string>);

export interface Tokens {
  /** A ticket opens sockets alone; what the API answers to is the token. */
  get(): Promise<{ socket: string | undefined; api: string | undefined }>;
  /** A fresh one; undefined where there is none. */
  renew(): Promise<string | undefined>;
  /** After a refusal: may the next `get` have another? */
  isRenewable(): boolean;
}

export function createTokens(source: TokenSource | undefined, ticket: string | undefined): Tokens {
  let current: string | undefined;
  let refused: string | undefined;

  async function get() {
    const api = typeof source === 'function' ? await source() : source;
    current = api;
    return { socket: ticket ?? api, api };
  }

  async function renew(): Promise<string | undefined> {
    if (ticket !== undefined || typeof source !== 'function') return undefined;
    try {
      return await source();
    } catch {
      // The token there is goes on to its end; then it is asked for again.
      return undefined;
    }
  }

  function isRenewable(): boolean {
    if (ticket !== undefined || typeof source !== 'function' || current === refused) return false;
    refused = current;
    return true;
  }

  return { get, renew, isRenewable };
}
