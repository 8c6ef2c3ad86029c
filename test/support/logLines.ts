/** What processes of a stack say in their logs, instead of on the terminal. */
import { pino } from 'pino';
import type { Stack } from './stack.ts';

/** From now on. */
export function logLines(backbones: Stack['backbones']): () => string[] {
  const lines: string[] = [];
  for (const { log } of backbones) {
    const stream = (log as unknown as { [pino.symbols.streamSym]: { write(line: string): void } })[
      pino.symbols.streamSym
    ];
    stream.write = (line) => lines.push(line);
  }
  return () => lines;
}
