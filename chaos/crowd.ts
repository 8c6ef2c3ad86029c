/**
 * A crowd of listeners on all transports, each with the client that everybody has: from the first event of a session on,
 * every hash verified, back at the next relay when the connection is lost. Some of them leave, and others come.
 */
import { type Client, connect } from '../src/client/node.ts';
import type { Position } from '../src/client/protocol.ts';
import { until } from '../test/support/processes.ts';
import { PacketSocket, StreamSocket } from './sockets.ts';

/** One that listens or has listened, and how far its client verified the session's chain. */
export interface Onlooker {
  name: string;
  session_id: string;
  position: Position | null;
  hasLeft: boolean;
  /** What its client found wrong, or why it was refused. */
  broken?: string;
}

export interface CrowdOptions {
  size: number;
  sessions: string[];
  /** Of the nth that comes. */
  tokenOf(nth: number): string;
  /** Where they are just now. */
  urls(of: 'relay' | 'api'): string[];
}

export interface Crowd {
  /** Resolves when every one that is there has all of its session up to these numbers. @throws where some have not */
  level(heads: ReadonlyMap<string, number>): Promise<unknown>;
  /** So many, the longest there, leave, and as many come. */
  churn(count: number): void;
  /** All leave. @returns all that ever came */
  disperse(): Onlooker[];
  connections(): number;
}

/** An onlooker with the client that it has while it is there. */
type Guest = Onlooker & { client: Client };

const LEVEL_WITHIN_MS = 60_000;
const QUICK = { timeout_ms: 10_000, first_wait_ms: 100, longest_wait_ms: 2_000 };
const PING_MS = 10_000;
/** Nothing can be asked on an event stream. */
const NEVER_MS = 3_600_000;
const WAYS = [
  { way: 'websocket', ping_ms: PING_MS },
  { way: 'socket.io', WebSocket: PacketSocket, ping_ms: PING_MS },
  { way: 'sse', WebSocket: StreamSocket, ping_ms: NEVER_MS },
];

export function gatherCrowd({ size, sessions, tokenOf, urls }: CrowdOptions): Crowd {
  const gone: Onlooker[] = [];
  let present: Guest[] = [];
  let arrivals = 0;
  let connections = 0;

  function come(): Guest {
    const nth = arrivals;
    arrivals += 1;
    const session = sessions[nth % sessions.length]!;
    const { way, WebSocket, ping_ms } = WAYS[Math.floor(nth / sessions.length) % WAYS.length]!;
    let tries = nth;
    const url = () => {
      tries += 1;
      connections += 1;
      return urls('relay')[tries % urls('relay').length]!;
    };
    const api = () => urls('api')[tries % urls('api').length]!;
    const timing = { ...QUICK, ping_ms };
    const client = connect({
      url,
      api,
      session,
      token: tokenOf(nth),
      from: 0,
      timing,
      ...(WebSocket && { WebSocket }),
    });
    const guest: Guest = { name: `${way} ${nth}`, session_id: session, position: null, hasLeft: false, client };
    for (const end of ['broken', 'error'] as const) {
      client.on(end, ({ message }) => {
        guest.broken = message;
      });
    }
    return guest;
  }

  function leave({ client, ...onlooker }: Guest, hasLeft: boolean): void {
    client.close();
    gone.push({ ...onlooker, position: client.position, hasLeft });
  }

  present = Array.from({ length: size }, come);
  return {
    level: (heads) =>
      until(
        'everybody is level',
        () =>
          present.every(({ session_id, broken, client }) => {
            return broken !== undefined || (client.position?.event_sequence ?? 0) >= heads.get(session_id)!;
          }),
        LEVEL_WITHIN_MS,
      ),
    churn(count) {
      for (const guest of present.splice(0, count)) leave(guest, true);
      present.push(...Array.from({ length: count }, come));
    },
    disperse() {
      for (const guest of present) leave(guest, false);
      present = [];
      return gone;
    },
    connections: () => connections,
  };
}
