/**
 * An engine.io connection as it is written to. On a WebSocket frames go beneath it; while it polls, and where nothing
 * can go beneath, packets go through it. Engine.io keeps whatever it is given, so it is given a batch at a time.
 */
import type { Duplex } from 'node:stream';
import type { Socket } from 'socket.io';
import type { Wire } from '../listeners/outlet.ts';
import { packetOf } from '../listeners/prepared.ts';
import { createFrameWriter } from './readyFrames.ts';

/** Of engine.io, beneath a client of socket.io. */
export type Connection = Socket['conn'];

/** What engine.io does not tell: its transport's WebSocket, and what it has not handed to its transport yet. */
interface Innards {
  transport: { socket?: object };
  writeBuffer?: unknown[];
}

/** What is beneath a WebSocket, where that can be written to. */
export type SocketBeneath = (ws: object) => Duplex | undefined;

export function createEngineWriter(conn: Connection, socketBeneath: SocketBeneath, onTaken: () => void): Wire['write'] {
  const innards = conn as unknown as Innards;
  let isHandedOver = false;
  let beneath: Wire['write'] | undefined;

  const isIdle = () => !isHandedOver && (innards.writeBuffer?.length ?? 0) === 0;
  const onFlush = () => {
    isHandedOver = true;
  };
  const onDrain = () => {
    isHandedOver = false;
    if (isIdle()) onTaken();
  };
  const onUpgrade = (transport: Connection['transport']) => {
    transport.on('drain', onDrain);
    // The transport before it says nothing any more.
    onDrain();
  };

  /** What engine.io has been given goes first. */
  function goBeneath(): void {
    const { socket: ws } = innards.transport;
    const socket = ws && innards.writeBuffer?.length === 0 ? socketBeneath(ws) : undefined;
    if (!socket) return;
    beneath = createFrameWriter(socket, 'socketio', onTaken);
    conn.off('flush', onFlush);
    conn.off('upgrade', onUpgrade);
    conn.transport.off('drain', onDrain);
  }

  conn.on('flush', onFlush);
  conn.on('upgrade', onUpgrade);
  conn.transport.on('drain', onDrain);
  return (batch) => {
    if (!beneath) goBeneath();
    if (beneath) return beneath(batch);
    for (const message of batch.messages) conn.send(packetOf(message));
    return isIdle();
  };
}
