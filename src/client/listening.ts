/**
 * One connection after the other, with random waits between them that grow, until it is closed or refused: for what is told
 * anew whenever a connection is made, and so needs no place to go on from.
 */
import { createBackoff } from './backoff.ts';
import { Refused } from './endings.ts';
import { type Line, type LineEnd, openLine } from './line.ts';
import type { readOptions } from './options.ts';
import { type ClientMessage, type ServerMessage, SUBPROTOCOL } from './protocol.ts';
import type { Tokens } from './tokens.ts';

type Told = ReturnType<typeof readOptions>;

export interface ListeningOptions extends Pick<Told, 'Socket' | 'timing'> {
  /** @returns the address for a connection with this token */
  address(token: string | undefined): string;
  tokens: Tokens;
  /** What is sent to see whether anybody is there. */
  question?: ClientMessage;
  hear(message: ServerMessage, line: Line): void;
  /** It says why the connection ends. */
  isFarewell(message: ServerMessage): boolean;
  /** Coming back would be in vain. */
  isFinal(code: number, farewell: ServerMessage | undefined): boolean;
  onLost(): void;
  onRefused(error: Refused): void;
}

export interface Listening {
  /** The server is there: the next wait is a short one again. */
  arrived(): void;
  /** The next wait, as the server wishes it. */
  comeBackIn(ms: number): void;
  isClosed(): boolean;
  close(): void;
}

export function keepListening(options: ListeningOptions): Listening {
  const { Socket, timing, tokens, question, hear, isFarewell, isFinal, onLost, onRefused } = options;
  const backoff = createBackoff(timing.first_wait_ms, timing.longest_wait_ms);
  let wished_ms: number | undefined;
  let isOver = false;
  let endNow = () => {};

  async function listen(): Promise<void> {
    while (!isOver) {
      const { end, farewell } = await visit();
      if (isOver) return;
      const code = 'code' in end ? end.code : undefined;
      if (code !== undefined && isFinal(code, farewell)) {
        throw new Refused(
          String(farewell?.code ?? 'refused'),
          String(farewell?.detail ?? `Closed with ${code}.`),
          code,
        );
      }
      onLost();
      await pause(wished_ms ?? backoff.next());
      wished_ms = undefined;
    }
  }

  async function visit(): Promise<{ end: LineEnd; farewell: ServerMessage | undefined }> {
    let farewell: ServerMessage | undefined;
    try {
      const token = await tokens.get();
      if (isOver) return { end: { code: 1000 }, farewell };
      const line = openLine(options.address(token), SUBPROTOCOL, Socket, timing, question);
      endNow = () => line.end({ code: 1000 });
      line.hearWith((data) => {
        const message = JSON.parse(String(data)) as ServerMessage;
        if (isFarewell(message)) farewell = message;
        else hear(message, line);
        return undefined;
      });
      return { end: await line.ended, farewell };
    } catch (error) {
      return { end: { error: error as Error }, farewell };
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      endNow = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function close(): void {
    isOver = true;
    endNow();
  }

  listen().catch((error: Refused) => {
    close();
    onRefused(error);
  });
  return {
    arrived: backoff.reset,
    comeBackIn(ms) {
      wished_ms = ms;
    },
    isClosed: () => isOver,
    close,
  };
}
