/**
 * An engine.io connection as it is written to. On a WebSocket frames go beneath it; while it polls, and where nothing
 * can go beneath, packets go through it. Engine.io keeps whatever it is given, so it is given a batch at a time.
 */
import type { Duplex } from 'node:stream';
import type { Socket } from 'socket.io';
import { type Batch, type Namespace, packetOf } from '../listeners/prepared.ts';
import { FrameWriter, type Taker } from './readyFrames.ts';

/** Of engine.io, beneath a client of socket.io. */
export type Connection = Socket['conn'];

/** What engine.io does not tell: its transport's WebSocket, and what it has not handed to its transport yet. */
interface Innards {
  transport: { socket?: object };
  writeBuffer?: unknown[];
}

/** What is beneath a WebSocket, where that can be written to. */
export type SocketBeneath = (ws: object) => Duplex | undefined;

export class EngineWriter {
  readonly #conn: Connection;
  readonly #socketBeneath: SocketBeneath;
  readonly #taker: Taker;
  #isHandedOver = false;
  #beneath: FrameWriter | undefined;
  /** What the connection is listened to for, while frames do not go beneath it. */
  #listening: { onFlush(): void; onDrain(): void; onUpgrade(transport: Connection['transport']): void } | undefined;

  constructor(conn: Connection, socketBeneath: SocketBeneath, taker: Taker) {
    this.#conn = conn;
    this.#socketBeneath = socketBeneath;
    this.#taker = taker;
    this.#listen();
  }

  write(batch: Batch, namespace: Namespace): boolean {
    if (!this.#beneath) this.#goBeneath();
    if (this.#beneath) return this.#beneath.write(batch, namespace);
    for (const message of batch.messages) this.#conn.send(packetOf(message, namespace));
    return this.#isIdle();
  }

  #listen(): void {
    const onFlush = () => {
      this.#isHandedOver = true;
    };
    const onDrain = () => {
      this.#isHandedOver = false;
      if (this.#isIdle()) this.#taker.onTaken();
    };
    const onUpgrade = (transport: Connection['transport']) => {
      transport.on('drain', onDrain);
      // The transport before it says nothing any more.
      onDrain();
    };
    this.#listening = { onFlush, onDrain, onUpgrade };
    this.#conn.on('flush', onFlush);
    this.#conn.on('upgrade', onUpgrade);
    this.#conn.transport.on('drain', onDrain);
  }

  #isIdle(): boolean {
    return !this.#isHandedOver && (this.#innards().writeBuffer?.length ?? 0) === 0;
  }

  /** What engine.io has been given goes first. */
  #goBeneath(): void {
    const { transport, writeBuffer } = this.#innards();
    const socket = transport.socket && writeBuffer?.length === 0 ? this.#socketBeneath(transport.socket) : undefined;
    if (!socket) return;
    this.#beneath = new FrameWriter(socket, this.#taker);
    const { onFlush, onDrain, onUpgrade } = this.#listening!;
    this.#conn.off('flush', onFlush);
    this.#conn.off('upgrade', onUpgrade);
    this.#conn.transport.off('drain', onDrain);
    this.#listening = undefined;
  }

  #innards(): Innards {
    return this.#conn as unknown as Innards;
  }
}
