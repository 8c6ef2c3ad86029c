/** One contestant's stage: its own database, an API, a worker that announces in its way, its relay, and an audience. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../test/support/redis.ts';
import type { Docket, Grounds } from '../grounds.ts';
import { endWithUs, type RunningServer, SECRET, startProcesses } from '../servers.ts';
import { mibOfTree, readUsage } from '../usage.ts';
import type { AudienceMessage, AudienceOrder, AudiencePlan, Count } from './audience.ts';
import { type Contestant, isPeer, wireOf } from './contestants.ts';
import type { FeederMessage, Stamps } from './feeder.ts';

export interface Stage {
  contestant: Contestant;
  dockets: Docket[];
  join(plan: Pick<AudiencePlan, 'listeners' | 'at_once'> & Partial<AudiencePlan>): Promise<number>;
  tell(order: AudienceOrder): void;
  count(): Promise<Count>;
  stamps(): Promise<Stamps>;
  /** Resolves when the API has taken the event. */
  record(docket: Docket, text: string): Promise<void>;
  hear<K extends AudienceMessage['kind']>(kind: K): Promise<Extract<AudienceMessage, { kind: K }>>;
  /** Of the relay: microseconds of processor time so far, and MiB of resident memory. */
  relay(): { cpu_us: number; mib: number };
  databaseUrl: string;
  /** Kills the relay and starts another at its port. Resolves when that one is ready. */
  replaceRelay(): Promise<void>;
  /** Aborted: whatever goes on is to end. */
  signal: AbortSignal;
  leave(): Promise<void>;
}

const RELAY = '../src/processes/relay.js';

/** @param sample an event that a peer says again and again where it is asked to replay */
export async function openStage(
  grounds: Grounds,
  contestant: Contestant,
  signal: AbortSignal,
  sample = '',
): Promise<Stage> {
  const database = `bench_relay_${contestant.replace('-', '_')}`;
  const databaseUrl = await grounds.openDatabase(database);
  const backing = { databaseUrl, redisUrl: grounds.redisUrl };
  const relayArgs =
    contestant === 'nats' ? ['peers/nats.js'] : isPeer(contestant) ? ['peers/sockets.js', contestant] : [RELAY];
  const nats = { NATS_PORT: `${await freePort()}`, NATS_WS_PORT: `${await freePort()}` };
  const urls = { DATABASE_URL: databaseUrl, REDIS_URL: grounds.redisUrl };
  const feeder = forkOf('relay/feeder.js', [contestant], { ...urls, ...nats });
  await messageOf<FeederMessage, 'ready'>(feeder, 'ready');
  const api = await startProcesses(contestant, { api: ['../src/processes/api.js'] }, backing);
  let relay = await startProcesses(contestant, { relay: relayArgs }, backing, { SAMPLE: sample, ...nats });
  const audience = forkOf('relay/audience.js', [], {});
  const { dockets } = grounds;
  const tell = (order: AudienceOrder) => void audience.send(order);
  const hear: Stage['hear'] = (kind) => messageOf(audience, kind) as never;

  async function join(plan: Parameters<Stage['join']>[0]): Promise<number> {
    const heard = hear('joined');
    const port = contestant === 'nats' ? Number(nats.NATS_WS_PORT) : Number(new URL(relay.url).port);
    tell({ order: 'join', plan: { wire: wireOf(contestant), isPeer: isPeer(contestant), port, dockets, ...plan } });
    return (await heard).elapsed_ms;
  }

  async function count(): Promise<Count> {
    const heard = hear('count');
    tell({ order: 'count' });
    return heard;
  }

  async function stamps(): Promise<Stamps> {
    const heard = messageOf<FeederMessage, 'stamps'>(feeder, 'stamps');
    feeder.send('stamps');
    return (await heard).stamps;
  }

  const post = createPost(api.url);

  async function replaceRelay(): Promise<void> {
    const port = new URL(relay.url).port;
    process.kill(relay.pids.relay!, 'SIGKILL');
    relay = await startProcesses(contestant, { relay: relayArgs }, backing, {
      SAMPLE: sample,
      RELAY_PORT: port,
      PORT: port,
    });
  }

  async function leave(): Promise<void> {
    audience.kill();
    await (relay as RunningServer).stop().catch(() => {});
    await api.stop();
    feeder.send('stop');
    await once(feeder, 'exit');
    await grounds.dropDatabase(database);
  }

  return {
    contestant,
    dockets,
    join,
    tell,
    count,
    stamps,
    record: ({ session_id, token }, text) => post(`/api/session/${session_id}/log`, token, text),
    hear,
    relay: () => ({ cpu_us: readUsage({ relay: relay.pids.relay! }).relay!, mib: mibOfTree(relay.pids.relay!) }),
    databaseUrl,
    replaceRelay,
    signal,
    leave,
  };
}

function forkOf(file: string, args: string[], env: Record<string, string>): ChildProcess {
  const { PATH } = process.env;
  const child = fork(fileURLToPath(new URL(`../${file}`, import.meta.url)), args, {
    serialization: 'advanced',
    env: { PATH, NODE_ENV: 'production', LOG_LEVEL: 'error', JWT_SECRET: SECRET, ...env },
  });
  endWithUs(child);
  return child;
}

function messageOf<M extends { kind: string }, K extends M['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<M, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${child.spawnargs[1]} ended with ${code}`));
    const onMessage = (message: M) => {
      if (message.kind !== kind) return;
      child.off('exit', onExit);
      child.off('message', onMessage);
      resolve(message as Extract<M, { kind: K }>);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}

/** Over a bounded number of connections. @throws where the API does not take it */
function createPost(url: string): (path: string, token: string, text: string) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  return (path, token, text) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'respond-async' };
      const asked = request(`${url}${path}`, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        if (answer.statusCode === 202) answer.once('end', resolve);
        else reject(new Error(`${path} answered ${answer.statusCode}`));
      });
      asked.once('error', reject);
      asked.end(JSON.stringify({ event_type: 'BENCH_ENTRY', details: { text } }));
    });
}
