/**
 * How much of what was given to an engine.io connection is not written yet. Engine.io keeps it all, however much; it hands
 * everything over at once, and its transport says when that has been written.
 */
import type { Socket } from 'socket.io';
import { MAX_UNSENT_BYTES } from '../listeners/messages.ts';
import { createReadiness } from './readiness.ts';

/** Of engine.io, beneath a client of socket.io. */
export type Connection = Socket['conn'];

export interface Queue {
  isBusy(): boolean;
  whenReady(callback: () => void): void;
}

export function watchQueue(conn: Connection): Queue {
  let queued = 0;
  let handedOver = 0;
  const isBusy = () => queued + handedOver > MAX_UNSENT_BYTES;
  const { whenReady, onWritten } = createReadiness(isBusy);
  const onDrained = () => {
    handedOver = 0;
    onWritten();
  };

  conn.on('packetCreate', ({ data }: { data?: string | Buffer }) => {
    queued += data?.length ?? 0;
  });
  conn.on('flush', () => {
    handedOver = queued;
    queued = 0;
  });
  conn.transport.on('drain', onDrained);
  // The transport before it says nothing any more.
  conn.on('upgrade', (transport: Connection['transport']) => {
    transport.on('drain', onDrained);
    onDrained();
  });
  return { isBusy, whenReady };
}
