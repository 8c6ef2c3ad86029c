/** One contestant's stage: its own database, a worker that announces in its way, its relay, and an audience. */
import { freePort } from '../../test/support/ports.ts';
import type { Docket, Grounds } from '../grounds.ts';
import { type RunningServer, startProcesses } from '../servers.ts';
import { mibOfTree, readUsage } from '../usage.ts';
import type { AudienceMessage, AudienceOrder, AudiencePlan, Count } from './audience.ts';
import { forkOf, messageOf } from './children.ts';
import { type Contestant, isPeer, wireOf } from './contestants.ts';
import { type Feed, openFeed } from './feed.ts';

export interface Stage {
  contestant: Contestant;
  dockets: Docket[];
  join(plan: Pick<AudiencePlan, 'listeners' | 'at_once'> & Partial<AudiencePlan>): Promise<number>;
  tell(order: AudienceOrder): void;
  count(): Promise<Count>;
  stamps: Feed['stamps'];
  record: Feed['record'];
  hear<K extends AudienceMessage['kind']>(kind: K): Promise<Extract<AudienceMessage, { kind: K }>>;
  /** Of the relay: microseconds of processor time so far, and MiB of resident memory. */
  relay(): { cpu_us: number; mib: number };
  /** Of the relay. */
  pid(): number;
  databaseUrl: string;
  /** Kills the relay and starts another at its port. Resolves when that one is ready. */
  replaceRelay(): Promise<void>;
  /** Aborted: whatever goes on is to end. */
  signal: AbortSignal;
  leave(): Promise<void>;
}

const RELAY = '../src/processes/relay.js';

/**
 * @param sample an event that a peer says again and again where it is asked to replay
 * @param settings of the relay, beside those of every run
 */
export async function openStage(
  grounds: Grounds,
  contestant: Contestant,
  signal: AbortSignal,
  sample = '',
  settings: Record<string, string> = {},
): Promise<Stage> {
  const database = `bench_relay_${contestant.replace('-', '_')}`;
  const databaseUrl = await grounds.openDatabase(database);
  const backing = { databaseUrl, redisUrl: grounds.redisUrl };
  const relayArgs =
    contestant === 'nats' ? ['peers/nats.js'] : isPeer(contestant) ? ['peers/sockets.js', contestant] : [RELAY];
  const nats = { NATS_PORT: `${await freePort()}`, NATS_WS_PORT: `${await freePort()}` };
  const urls = { DATABASE_URL: databaseUrl, REDIS_URL: grounds.redisUrl };
  const feed = await openFeed(contestant, { ...urls, ...nats });
  let relay = await startProcesses(contestant, { relay: relayArgs }, backing, {
    SAMPLE: sample,
    ...nats,
    ...settings,
  });
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
    await feed.stop();
    await grounds.dropDatabase(database);
  }

  return {
    contestant,
    dockets,
    join,
    tell,
    count,
    stamps: feed.stamps,
    record: feed.record,
    hear,
    relay: () => ({ cpu_us: readUsage({ relay: relay.pids.relay! }).relay!, mib: mibOfTree(relay.pids.relay!) }),
    pid: () => relay.pids.relay!,
    databaseUrl,
    replaceRelay,
    signal,
    leave,
  };
}
