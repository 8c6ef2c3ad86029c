/**
 * socket.io's packets as they come in an engine.io message, of which the relay takes events alone: `2/live,["PING",{}]`.
 * https://github.com/socketio/socket.io-protocol
 */
import type { ProblemBody } from '../../core/definitions/problem.ts';
import type { Said } from '../listeners/inbound.ts';
import { NAMESPACES, type Namespace } from '../listeners/prepared.ts';

const EVENT = /^2\/[a-z]+,(\d*)(?=\[)/;

/** Whether it is about the connection to a namespace, which is socket.io's own. */
export function isAboutNamespace(packet: string | Buffer): packet is string {
  return typeof packet === 'string' && (packet[0] === '0' || packet[0] === '1');
}

/** The namespace of ours that it asks to be let into. */
export function asksToListen(packet: string): Namespace | undefined {
  return packet[0] === '0' ? namespaceOf(packet) : undefined;
}

/** The namespace that it leaves. */
export function saysGoodbye(packet: string): Namespace | undefined {
  return packet[0] === '1' ? namespaceOf(packet) : undefined;
}

/** Of any packet. */
export function namespaceOf(packet: string | Buffer): Namespace | undefined {
  if (typeof packet !== 'string') return undefined;
  return NAMESPACES.find((name) => {
    const end = 1 + name.length;
    return packet.startsWith(name, 1) && (packet.length === end || packet[end] === ',');
  });
}

/** What answers a request that socket.io does not get to see. */
export function refusalPacket(namespace: Namespace, { detail, code, status }: ProblemBody): string {
  return `4${namespace},${JSON.stringify({ message: detail, data: { code, status } })}`;
}

/** Packets with attachments are refused with their first part: socket.io would keep that until all of them have come. */
export function saidIn(packet: string | Buffer, namespace: Namespace): Said {
  const isText = typeof packet === 'string';
  return { bytes: Buffer.byteLength(packet), isText, parse: () => messageIn(String(packet), namespace) };
}

/** @returns the same object as on the other transports; null where it is none, as with a callback */
function messageIn(packet: string, namespace: Namespace): unknown {
  const [prefix, callback] = EVENT.exec(packet) ?? [];
  if (prefix === undefined || namespaceOf(packet) !== namespace) throw new Error('no event of this namespace');
  const [event, given = {}, ...more] = JSON.parse(packet.slice(prefix.length)) as unknown[];
  if (callback !== '' || more.length > 0 || typeof given !== 'object' || given === null || Array.isArray(given)) {
    return null;
  }
  if ('type' in given && given.type !== event) return null;
  return { ...given, type: event };
}
