/** The words of the sockets of consoles: how they are made ready, and how clients' messages are read. */
import { type ConsoleClientMessage, type ConsoleMessage, consoleClientMessages } from '../../live/consoleMessages.ts';
import type { Prepared } from '../listeners/prepared.ts';

export function prepareConsole(message: ConsoleMessage): Prepared {
  return { type: message.type, text: JSON.stringify(message) };
}

export function prepareConsoleError(code: string, detail: string): Prepared {
  return prepareConsole({ type: 'error', code, detail });
}

export const NOT_ALLOWED = prepareConsoleError(
  'message_not_allowed',
  `Only ${Object.keys(consoleClientMessages).join(', ')} are understood here. Nothing was changed.`,
);
export const USE_REST = prepareConsoleError('use_rest', 'Send it with POST /telemetry/batches: nothing is taken here.');

/** @returns undefined for what is none */
export function readConsoleMessage(said: unknown): ConsoleClientMessage | 'behavioral_data' | undefined {
  const type = typeof said === 'object' && said !== null && 'type' in said ? String(said.type) : '';
  if (type === 'behavioral_data') return type;
  if (!Object.hasOwn(consoleClientMessages, type)) return undefined;
  return consoleClientMessages[type as keyof typeof consoleClientMessages].safeParse(said).data;
}
