/**
 * An engine.io connection beneath a client of socket.io. What comes on it is heard here, in the place of socket.io's
 * decoder, which would parse whatever comes and keep what has attachments; that one is left with what is about namespaces.
 */
import { problemBody } from '../../core/definitions/problem.ts';
import { MAX_MESSAGE_BYTES, MAX_MESSAGES } from '../listeners/inbound.ts';
import type { Batch } from '../listeners/prepared.ts';
import type { Visit } from '../listeners/visit.ts';
import { type Connection, EngineWriter, type SocketBeneath } from './engine.ts';
import { asksToListen, isAboutNamespace, refusalPacket, saidIn, saysGoodbye } from './envelope.ts';
import type { Taker } from './readyFrames.ts';
import { Window } from './window.ts';

const TOO_LARGE = refusalPacket(problemBody('too_large', `A request has at most ${MAX_MESSAGE_BYTES} characters.`));

export class Line implements Taker {
  readonly #conn: Connection;
  readonly #writer: EngineWriter;
  readonly #requests = new Window();
  readonly #decoders: ((packet: string) => void)[];
  /** It has a listener, or one is being admitted. */
  isTaken = false;
  visit: Visit | undefined;

  /** To be called when socket.io has just taken the connection. */
  constructor(conn: Connection, socketBeneath: SocketBeneath) {
    this.#conn = conn;
    this.#writer = new EngineWriter(conn, socketBeneath, this);
    this.#decoders = conn.listeners('data') as ((packet: string) => void)[];
    conn.removeAllListeners('data');
    conn.on('data', (packet: string | Buffer = '') => this.#onPacket(packet));
  }

  write(batch: Batch): boolean {
    return this.#writer.write(batch);
  }

  onTaken(): void {
    this.visit?.onTaken();
  }

  #onPacket(packet: string | Buffer): void {
    if (isAboutNamespace(packet)) this.#onRequest(packet);
    else if (this.visit) this.visit.receive(saidIn(packet));
    else this.#conn.close();
  }

  #onRequest(packet: string): void {
    if (this.#requests.count() > MAX_MESSAGES) return;
    if (packet.length > MAX_MESSAGE_BYTES) {
      if (!this.isTaken && asksToListen(packet)) this.#conn.write(TOO_LARGE);
      return;
    }
    if (asksToListen(packet)) {
      // Marked before the wait for its admission: packets that come together are one listener all the same.
      if (this.isTaken) return;
      this.isTaken = true;
    }
    // Socket.io acts on it a moment later; what came with it is not answered any more.
    if (saysGoodbye(packet)) this.visit = undefined;
    for (const decode of this.#decoders) decode.call(this.#conn, packet);
  }
}
