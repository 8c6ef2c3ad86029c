/** The peer: a plain loop that polls all matches every second and emits those that have changed to socket.io's rooms. */
import { createServer } from 'node:http';
import pg from 'pg';
import { Server } from 'socket.io';

const EVERY_MS = 1_000;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
const server = createServer((_req, res) => res.end('ready'));
const io = new Server(server, { transports: ['websocket'], serveClient: false, perMessageDeflate: false });
const known = new Map<string, string>();

io.on('connection', (socket) => {
  socket.on('subscribe', (match_id: string, answer: () => void) => {
    void socket.join(match_id);
    answer();
  });
});

async function poll(): Promise<void> {
  const { rows } = await pool.query<{ match_id: string; state: string }>(
    'select match_id, state::text as state from match_state',
  );
  for (const { match_id, state } of rows) {
    if (known.get(match_id) === state) continue;
    known.set(match_id, state);
    io.to(match_id).emit('delta', { match_id, state: JSON.parse(state) });
  }
}

setInterval(() => void poll().catch((error) => console.error(error)), EVERY_MS);
process.once('SIGTERM', () => process.exit(0));
server.listen(Number(process.env.PORT), '127.0.0.1');
