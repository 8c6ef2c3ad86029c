/**
 * The peers of the relay: plain socket.io with one of its own adapters on Redis, tuned as ours is, and with nothing else to
 * do: no token is checked, nothing is replayed, nothing is verified.
 */
import { createServer } from 'node:http';
import { createAdapter as createPubSub } from '@socket.io/redis-adapter';
import { createAdapter as createStreams } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

/** What a peer replays: it keeps nothing, so it says the same event again and again. */
const sample = JSON.parse(process.env.SAMPLE || 'null') as object | null;

export type Adapter = 'adapter' | 'streams';

/** A node of the peer's cluster. The feeder is one too, without listeners. */
export function createNode(adapter: Adapter, redisUrl: string): Server {
  const client = new Redis(redisUrl);
  const io = new Server({
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    adapter:
      adapter === 'adapter' ? createPubSub(client, client.duplicate()) : createStreams(client, { maxLen: 10_000 }),
  });
  io.on('connection', (socket) => {
    const { session_id, replay = 0 } = socket.handshake.auth as { session_id: string; replay?: number };
    void socket.join(session_id);
    for (let i = 0; i < replay; i += 1) socket.emit('EVENT', sample);
  });
  return io;
}

/** The answer to `/ready`, which tells that it serves. */
function serveNode(adapter: Adapter, redisUrl: string, port: number): void {
  const io = createNode(adapter, redisUrl);
  const server = createServer((_req, res) => res.end('ready'));
  io.attach(server);
  io.engine.on('connection', (socket: { request: unknown }) => {
    socket.request = null;
  });
  process.once('SIGTERM', () => process.exit(0));
  server.listen(port, '127.0.0.1');
}

if (process.argv[1] === import.meta.filename) {
  serveNode(process.argv[2] as Adapter, process.env.REDIS_URL!, Number(process.env.PORT));
}
