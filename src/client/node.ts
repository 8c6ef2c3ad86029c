/** The client as Node has it: with a WebSocket of its own where Node has none, before version 22. */
import { WebSocket } from 'ws';
import { type Client, type ConnectOptions, connect as connectWith, type SocketConstructor } from './client.ts';

export * from './client.ts';

export function connect(options: ConnectOptions): Client {
  const own = (globalThis as { WebSocket?: SocketConstructor }).WebSocket ?? WebSocket;
  return connectWith({ ...options, WebSocket: options.WebSocket ?? own });
}
