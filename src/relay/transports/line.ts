/**
 * An engine.io connection beneath a client of socket.io. What comes on it is heard here, in the place of socket.io's
 * decoder, which would parse whatever comes and keep what has attachments; that one is left with what is about namespaces.
 */
import { problemBody } from '../../core/definitions/problem.ts';
import { MAX_MESSAGE_BYTES, MAX_MESSAGES } from '../listeners/inbound.ts';
import type { Wire } from '../listeners/outlet.ts';
import type { Visit } from '../listeners/visit.ts';
import { type Connection, createEngineWriter, type SocketBeneath } from './engine.ts';
import { asksToListen, isAboutNamespace, refusalPacket, saidIn } from './envelope.ts';
import { createWindow } from './window.ts';

export interface Line {
  write: Wire['write'];
  /** It has a listener, or one is being admitted. */
  isTaken: boolean;
  visit: Visit | undefined;
}

const TOO_LARGE = refusalPacket(problemBody('too_large', `A request has at most ${MAX_MESSAGE_BYTES} characters.`));

/** To be called when socket.io has just taken the connection. */
export function openLine(conn: Connection, socketBeneath: SocketBeneath): Line {
  const write = createEngineWriter(conn, socketBeneath, () => line.visit?.taken());
  const line: Line = { write, isTaken: false, visit: undefined };
  const requests = createWindow();
  const decoders = conn.listeners('data');

  function onPacket(packet: string | Buffer = ''): void {
    if (isAboutNamespace(packet)) onRequest(packet);
    else if (line.visit) line.visit.receive(saidIn(packet));
    else conn.close();
  }

  function onRequest(packet: string): void {
    if (requests.count() > MAX_MESSAGES) return;
    if (packet.length > MAX_MESSAGE_BYTES) {
      if (!line.isTaken && asksToListen(packet)) conn.write(TOO_LARGE);
      return;
    }
    if (asksToListen(packet)) {
      // Marked before the wait for its admission: packets that come together are one listener all the same.
      if (line.isTaken) return;
      line.isTaken = true;
    }
    for (const decode of decoders) decode.call(conn, packet);
  }

  conn.removeAllListeners('data');
  conn.on('data', onPacket);
  return line;
}
