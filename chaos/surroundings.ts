/** What happens around us: Redis is demoted or hangs, another installation moves in beside us, a clock steps. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { migrate } from '../migrations/migrate.ts';
import { startEmbeddedPostgres } from '../src/infra/postgres/embeddedPostgres.ts';
import { cast, get, must, openSession, person } from '../test/support/client.ts';
import { killAll, type Process, startProcess, until } from '../test/support/processes.ts';
import { SECRET } from '../test/support/secret.ts';
import type { Fault } from './blow.ts';
import type { Fleet } from './fleet.ts';
import type { Kind } from './releaseFiles.ts';

const AWAY_MS = 10_000;
const STEPPED_MS = 8_000;
/** How often each of two installations asks for its verdict. */
const VERDICTS = 4;

const now = () => performance.now();

const demoted: Fault = {
  id: 'redis-demoted',
  what: 'Redis becomes a replica for 10 s: it answers, and takes nothing in',
  async strike({ arena, fleet }) {
    const redis = new Redis(arena.redis.url);
    await redis.replicaof('127.0.0.1', 1);
    const struck_ms = now();
    const back = async () => {
      await sleep(AWAY_MS);
      await redis.replicaof('NO', 'ONE');
      redis.disconnect();
    };
    return { struck_ms, ...noticed(fleet, back()) };
  },
};

const hanging: Fault = {
  id: 'redis-hangs',
  what: 'Redis says nothing for 10 s, and its connections stay',
  async strike({ arena, fleet }) {
    arena.redis.freeze();
    const struck_ms = now();
    return {
      struck_ms,
      ...noticed(
        fleet,
        sleep(AWAY_MS).then(() => arena.redis.thaw()),
      ),
    };
  },
};

/** /health is to say that Redis is of no use, and that it is again. */
function noticed(fleet: Fleet, back: Promise<void>) {
  const connected = async () => {
    const answers = await Promise.all(fleet.urls('api').map((url) => get(url, '/health', null).catch(() => undefined)));
    return answers.map((answer) => answer?.body.redis_connected);
  };
  const said = until('/health says that Redis is away', async () => (await connected()).includes(false), AWAY_MS);
  const found = said.then(
    () => [],
    (error: Error) => [error.message],
  );
  return {
    mend: () => back,
    async look() {
      await until('/health says that Redis is back', async () => (await connected()).every((one) => one === true));
      return found;
    },
  };
}

const neighbours: Fault = {
  id: 'neighbours',
  what: 'another installation, whose database has the same name, works on the same Redis',
  async strike({ arena, fleet, people }) {
    const postgres = await startEmbeddedPostgres({ home: `${arena.folder}/neighbour`, say: () => {} });
    const processes: Process[] = [];
    try {
      await migrate(postgres.url);
      const env = {
        DATABASE_URL: postgres.url,
        REDIS_URL: arena.redis.url,
        JWT_SECRET: SECRET,
        PORT: '0',
        METRICS_PORT: '0',
      };
      for (const file of ['src/processes/api.js', 'jobs/worker.js'])
        processes.push(await startProcess(file, file, [], env));
      const url = processes[0]!.url;
      const others = cast();
      await openSession(url, others);
      const struck_ms = now();
      const root = person('super_admin');
      const ours = await must(get(fleet.urls('api')[0]!, '/integrity/global-verify', people.admin));
      const theirs = await Promise.all(
        Array.from({ length: VERDICTS }, () => must(get(url, '/integrity/global-verify', root))),
      );
      const wrong = [
        ...theirs
          .filter(({ sessions_checked }) => sessions_checked !== 1)
          .map((one) => ['the neighbour', one] as const),
        ...(ours.sessions_checked < 4 ? [['this installation', ours] as const] : []),
      ].map(([whose, { message }]) => `${whose} was told of another's record: ${message}`);
      return { struck_ms, look: async () => wrong };
    } finally {
      await killAll(processes);
      await postgres.stop();
    }
  },
};

/** Tokens and tickets are judged by the clocks of these: a step of more than their leeway would be the token's end. */
const JUDGE_TOKENS: readonly Kind[] = ['api', 'relay'];

const stepped: Fault = {
  id: 'clock',
  what: "one process's clock steps by up to two hours, and back after 8 s",
  async strike({ fleet }, dice) {
    const kind = dice.oneOf(['api', 'worker', 'relay', 'scheduler'] as const);
    const post = dice.oneOf(fleet.posts(kind));
    const process = await until(`a ${kind} is ready`, () => post.process);
    const seconds = JUDGE_TOKENS.includes(kind) ? dice.between(60, 600) : dice.between(-7_200, 7_200);
    fleet.order(process, 'clock', seconds);
    const struck_ms = now();
    return {
      struck_ms,
      async mend() {
        await sleep(STEPPED_MS);
        if (process.isAlive()) fleet.order(process, 'clock', 0);
      },
    };
  },
};

export const SURROUNDINGS: Fault[] = [demoted, hanging, neighbours, stepped];
