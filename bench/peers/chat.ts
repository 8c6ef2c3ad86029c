/**
 * The peer of the gallery: a node of a chat server as its users build one, socket.io with the Redis adapter and
 * rate-limiter-flexible. It keeps the rules that these can keep: the cooldown, twenty posts in two seconds, the block of an
 * address. A burst over different routes, reports and bans on record they cannot; texts are judged as ours are. What is
 * posted stands in a list of Redis, and nowhere else.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { judgeText } from '../../src/gallery/text/judgeText.ts';
import { RULES } from '../../src/guard/rules.ts';
import { createNode } from './sockets.ts';

const SECRET = 'a secret of the peer alone';
const COOLDOWN_SECONDS = 60;
const KEPT_SECONDS = 48 * 3_600;

/** The rules as far as counters with a window can say them. */
export function createFlexibleRules(redis: Redis) {
  const of = (keyPrefix: string, points: number, duration: number, blockDuration = 0) =>
    new RateLimiterRedis({ storeClient: redis, keyPrefix, points, duration, blockDuration });
  const block_seconds = RULES.block_ms / 1_000;
  const blocks = of('blocked', 1, block_seconds);
  const rate = of('rate', RULES.rate.posts, RULES.rate.window_ms / 1_000);
  const cooldowns = of('cooldown', 1, COOLDOWN_SECONDS);

  /** As our guard's admission: is the address blocked, and is the post one too many? */
  async function admit(key: string, address: string): Promise<boolean> {
    if ((await blocks.get(address)) !== null) return false;
    if (await isWithin(rate, key)) return true;
    await blocks.block(address, block_seconds);
    return false;
  }

  return { admit, mayPost: (key: string) => isWithin(cooldowns, key) };
}

async function isWithin(limiter: RateLimiterRedis, key: string): Promise<boolean> {
  try {
    await limiter.consume(key);
    return true;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return false;
    throw refusal;
  }
}

function serve(redisUrl: string, port: number): void {
  const redis = new Redis(redisUrl);
  const rules = createFlexibleRules(redis);
  const io = createNode('adapter', redisUrl);

  async function post(req: IncomingMessage): Promise<[status: number, answer: object]> {
    const address = String(req.headers['x-forwarded-for'] ?? req.socket.remoteAddress);
    const fingerprint = String(req.headers['x-browser-fingerprint'] ?? '');
    const key = createHmac('sha256', SECRET).update(`${address}:${fingerprint}`).digest('hex');
    if (!(await rules.admit(key, address))) return [429, { code: 'rate_limited' }];
    const said = JSON.parse(await text(req)) as { text: string; category: string };
    const verdict = judgeText(said.text);
    if (!verdict.ok) return [422, { code: 'refused_text' }];
    if (!(await rules.mayPost(key))) return [429, { code: 'cooldown' }];
    const session_id = new URL(req.url!, 'http://peer').searchParams.get('session_id')!;
    const [id, posted_at] = [randomUUID(), new Date().toISOString()];
    const message = { type: 'MESSAGE', id, author: `Spectator ${key.slice(0, 8)}`, ...said, posted_at, votes: 0 };
    const list = `messages:${session_id}`;
    await redis.multi().rpush(list, JSON.stringify(message)).expire(list, KEPT_SECONDS).exec();
    io.to(session_id).emit('MESSAGE', message);
    return [201, { result: message }];
  }

  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    if (req.method !== 'POST') return void res.end('ready');
    post(req)
      .catch((error: Error): [number, object] => [500, { detail: error.message }])
      .then(([status, answer]) => {
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
  });
  io.attach(server);
  io.engine.on('connection', (socket: { request: unknown }) => {
    socket.request = null;
  });
  process.once('SIGTERM', () => process.exit(0));
  server.listen(port, '127.0.0.1');
}

if (process.argv[1] === import.meta.filename) serve(process.env.REDIS_URL!, Number(process.env.PORT));
