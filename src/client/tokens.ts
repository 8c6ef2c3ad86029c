/** Tokens for sockets and API. One that was refused is not shown again: a function is asked for a fresh one. */

export type TokenSource = string | (() => string | Promise<string>);

export interface Tokens {
  /** For the next connection. A ticket opens sockets alone. */
  get(): Promise<string | undefined>;
  /** The token there is, which is what the API answers to. */
  current(): string | undefined;
  /** Another in the place of one that ends soon; undefined where there is none. */
  renew(): Promise<string | undefined>;
  /** After a refusal: may the next `get` have another? */
  isRenewable(): boolean;
}

export function createTokens(source: TokenSource | undefined, ticket: string | undefined): Tokens {
  let current: string | undefined;
  let refused: string | undefined;

  async function get(): Promise<string | undefined> {
    current = typeof source === 'function' ? await source() : source;
    return ticket ?? current;
  }

  async function renew(): Promise<string | undefined> {
    if (ticket !== undefined || typeof source !== 'function') return undefined;
    // The token there is goes on to its end; then it is asked for again.
    const fresh = await ask(source);
    if (fresh === undefined || fresh === current) return undefined;
    current = fresh;
    return fresh;
  }

  function isRenewable(): boolean {
    if (ticket !== undefined || typeof source !== 'function' || current === refused) return false;
    refused = current;
    return true;
  }

  return { get, current: () => current, renew, isRenewable };
}

async function ask(source: () => string | Promise<string>): Promise<string | undefined> {
  try {
    return await source();
  } catch {
    return undefined;
  }
}
