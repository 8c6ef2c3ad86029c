/** A terminal that keeps what a subcommand says to it. */
import type { Terminal } from '../../src/infra/process/subcommand.ts';

export interface HeardTerminal extends Terminal {
  said(): string;
  complained(): string;
}

export function openTerminal(env: Record<string, string> = {}): HeardTerminal {
  let said = '';
  let complained = '';
  return {
    env,
    out: { write: (text: string) => (said += text) } as never,
    err: { write: (text: string) => (complained += text) } as never,
    signal: new AbortController().signal,
    said: () => said,
    complained: () => complained,
  };
}
