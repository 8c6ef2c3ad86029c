/**
 * A wire to Postgres or Redis that a test can cut: it lies between our processes and the server, which may meanwhile
 * come back on another port, or leave its place to another server.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Wire {
  /** The given URL, by way of this wire. */
  urlOf(url: string): string;
  /** From now on to the server of this URL. */
  leadTo(url: string): void;
  /** Ends all connections. */
  cut(): void;
  /**
   * The server gets the next `count` messages that hold this text and acts on them, but its answer is lost, and so is
   * the connection.
   */
  loseAnswersTo(text: string, count: number): void;
  /** How many answers are still to be lost. */
  left(): number;
  /** Nothing passes any more in either direction, and nothing is closed; until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Nothing passes any more on the connections there are, and nothing is closed; new ones work. */
  strand(): void;
  stop(): Promise<void>;
}

export async function openWire(target: string): Promise<Wire> {
  let { hostname, port } = new URL(target);
  let wanted = { text: '', count: 0 };
  let frozen = false;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let isAnswerLost = false;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
      if (frozen) socket.pause();
    }
    client.on('data', (bytes) => {
      if (wanted.count > 0 && bytes.includes(wanted.text)) {
        wanted.count -= 1;
        isAnswerLost = true;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => (isAnswerLost ? end() : client.write(bytes)));
    if (frozen) for (const socket of [client, upstream]) socket.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = () => {
    for (const socket of [...sockets]) socket.destroy();
  };
  return {
    urlOf: (url) => {
      const through = new URL(url);
      through.port = String((server.address() as AddressInfo).port);
      return through.href;
    },
    leadTo: (url) => {
      ({ hostname, port } = new URL(url));
    },
    cut,
    loseAnswersTo: (text, count) => {
      wanted = { text, count };
    },
    left: () => wanted.count,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    strand: () => {
      for (const socket of sockets) socket.pause();
    },
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
