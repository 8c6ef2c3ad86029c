/** The client as Node has it: with a WebSocket of its own where Node has none, before version 22. */
import { WebSocket } from 'ws';
import {
  type Client,
  type ConnectOptions,
  connect as connectWith,
  type FeedsClient,
  type FeedsOptions,
  feeds as followWith,
  type GalleryListener,
  type GalleryOptions,
  gallery as listenWith,
  type SocketConstructor,
} from './client.ts';

export * from './client.ts';

export function connect(options: ConnectOptions): Client {
  return connectWith({ ...options, WebSocket: options.WebSocket ?? ownSocket() });
}

export function gallery(options: GalleryOptions): GalleryListener {
  return listenWith({ ...options, WebSocket: options.WebSocket ?? ownSocket() });
}

export function feeds(options: FeedsOptions): FeedsClient {
  return followWith({ ...options, WebSocket: options.WebSocket ?? ownSocket() });
}

function ownSocket(): SocketConstructor {
  return (globalThis as { WebSocket?: SocketConstructor }).WebSocket ?? WebSocket;
}
