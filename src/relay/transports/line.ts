/**
 * An engine.io connection beneath a client of socket.io, with at most one listener in each namespace. What comes on it is
 * heard here, in the place of socket.io's decoder, which would parse whatever comes and keep what has attachments; that
 * one is left with what is about namespaces.
 */
import { problemBody } from '../../core/definitions/problem.ts';
import { MAX_MESSAGE_BYTES, MAX_MESSAGES } from '../listeners/inbound.ts';
import type { Batch, Namespace } from '../listeners/prepared.ts';
import type { BareVisit } from '../listeners/visit.ts';
import { type Connection, EngineWriter, type SocketBeneath } from './engine.ts';
import { asksToListen, isAboutNamespace, namespaceOf, refusalPacket, saidIn, saysGoodbye } from './envelope.ts';
import type { Taker } from './readyFrames.ts';
import { Window } from './window.ts';

const TOO_LARGE = problemBody('too_large', `A request has at most ${MAX_MESSAGE_BYTES} characters.`);

/** A namespace that has a listener, or one is being admitted. */
interface Taken {
  readonly namespace: Namespace;
  visit: BareVisit | undefined;
}

export class Line implements Taker {
  readonly #conn: Connection;
  readonly #writer: EngineWriter;
  readonly #requests = new Window();
  readonly #decoders: ((packet: string) => void)[];
  #taken: readonly Taken[] = [];

  /** To be called when socket.io has just taken the connection. */
  constructor(conn: Connection, socketBeneath: SocketBeneath) {
    this.#conn = conn;
    this.#writer = new EngineWriter(conn, socketBeneath, this);
    this.#decoders = conn.listeners('data') as ((packet: string) => void)[];
    conn.removeAllListeners('data');
    conn.on('data', (packet: string | Buffer = '') => this.#onPacket(packet));
  }

  /** The listener is admitted. */
  seat(namespace: Namespace, visit: BareVisit): void {
    const taken = this.#takenOf(namespace);
    if (taken) taken.visit = visit;
  }

  /** The listener is refused, or gone. @returns whether nobody is left */
  free(namespace: Namespace): boolean {
    this.#taken = this.#taken.filter((taken) => taken.namespace !== namespace);
    return this.#taken.length === 0;
  }

  /** Whether that one is the only listener. */
  isAlone(namespace: Namespace): boolean {
    return this.#taken.every((taken) => taken.namespace === namespace);
  }

  write(batch: Batch, namespace: Namespace): boolean {
    return this.#writer.write(batch, namespace);
  }

  onTaken(): void {
    for (const { visit } of this.#taken) visit?.onTaken();
  }

  #takenOf(namespace: Namespace | undefined): Taken | undefined {
    return this.#taken.find((taken) => taken.namespace === namespace);
  }

  #onPacket(packet: string | Buffer): void {
    if (isAboutNamespace(packet)) {
      this.#onRequest(packet);
      return;
    }
    const addressed = this.#takenOf(namespaceOf(packet));
    // What is for none of them is answered by the first, as no message.
    const hearer = addressed?.visit ? addressed : this.#taken.find(({ visit }) => visit);
    if (hearer) hearer.visit!.receive(saidIn(packet, hearer.namespace));
    else this.#conn.close();
  }

  #onRequest(packet: string): void {
    if (this.#requests.count() > MAX_MESSAGES) return;
    const asked = asksToListen(packet);
    const isTaken = asked !== undefined && this.#takenOf(asked) !== undefined;
    if (packet.length > MAX_MESSAGE_BYTES) {
      if (asked && !isTaken) this.#conn.write(refusalPacket(asked, TOO_LARGE));
      return;
    }
    if (isTaken) return;
    // Marked before the wait for its admission: packets that come together are one listener all the same.
    if (asked) this.#taken = [...this.#taken, { namespace: asked, visit: undefined }];
    // Socket.io acts on it a moment later; what came with it is not answered any more.
    const left = this.#takenOf(saysGoodbye(packet));
    if (left) left.visit = undefined;
    for (const decode of this.#decoders) decode.call(this.#conn, packet);
  }
}
