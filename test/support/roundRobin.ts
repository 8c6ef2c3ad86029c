/**
 * A small proxy before several instances: each request goes to the next of them, and each upgrade. From where it came it
 * writes behind whatever the client said of that itself, as proxies do.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { closeServer, listen } from '../../src/infra/process/httpServer.ts';

export interface RoundRobin {
  url: string;
  /** How many went to each API. */
  requests(): number[];
  stop(): Promise<void>;
}

/** @param relays take upgrades */
export async function startRoundRobin(apis: readonly string[], relays: readonly string[]): Promise<RoundRobin> {
  const requests = apis.map(() => 0);
  const open = new Set<Socket>();
  let [asked, upgraded] = [0, 0];

  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const n = asked++ % apis.length;
    requests[n]! += 1;
    const onward = request(apis[n]! + req.url, { method: req.method, headers: headersOf(req) }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });

  server.on('upgrade', (req: IncomingMessage, client: Socket, head: Buffer) => {
    const { hostname, port } = new URL(relays[upgraded++ % relays.length]!);
    const onward = connect(Number(port), hostname);
    const lines = Object.entries(headersOf(req)).map(([name, value]) => `${name}: ${value}`);
    onward.write([`GET ${req.url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    onward.write(head);
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });

  const port = await listen(server, '127.0.0.1', 0, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => [...requests],
    async stop() {
      for (const socket of open) socket.destroy();
      await closeServer(server);
    },
  };
}

function headersOf({ headers, socket }: IncomingMessage) {
  const hops = [headers['x-forwarded-for'], socket.remoteAddress].flat().filter((hop) => hop !== undefined);
  return { ...headers, 'x-forwarded-for': hops.join(', ') };
}
