/**
 * What the guard counts, in Redis: one for all APIs of an installation. All keys have one hash tag, that of the
 * installation, and a time to live.
 */
import { randomBytes } from 'node:crypto';
import { createBatcher } from '../../core/batcher.ts';
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import {
  type Admission,
  type GuardNumbers,
  type GuardStore,
  MIRROR_AGAIN_MS,
  MIRRORED_FOR_MS,
  type MirroredBan,
  MOST_REPORTERS,
  POSTED_FOR_MS,
  type Visitor,
} from './guardStore.ts';
import { ADMIT, CLAIM, COUNT, CROWD, GIVE_BACK, MIRROR, POST, REPORT, SERVER_CLOCK, SHADOWED } from './scripts.ts';

const SCRIPTS = { ADMIT, COUNT, CROWD, SHADOWED, POST, GIVE_BACK, REPORT, MIRROR, CLAIM };

/** A decision takes Redis some tens of microseconds: others that share it wait for no more than a millisecond or two. */
const ADMITTED_AT_ONCE = 50;

interface Asked {
  visitor: Visitor;
  route: string;
}

/** By what name a visitor is counted: the own, or the crowd's. */
interface Counted extends Pick<Visitor, 'address' | 'is_venue'> {
  counted: string;
  is_crowd: boolean;
  route: string;
}

type Values = (string | number)[];
type Run = (count: number, ...values: Values) => Promise<unknown>;

interface Options {
  redis: RedisServer;
  /** Keeps installations that share a Redis apart. */
  prefix: string;
  numbers: GuardNumbers;
  /** Keys that are counted within a minute. */
  most: number;
  /** Lua that sets `now`, in milliseconds. */
  clock?: string;
}

export function createRedisStore({ redis, prefix, numbers, most, clock = SERVER_CLOCK }: Options): GuardStore {
  const { ask, nextMember, close } = createAsking(redis, prefix, clock);
  const { burst, rate, keys, text, reports, commands, block_ms } = numbers;
  const limits = [most, keys.of_address, keys.window_ms, burst.routes, burst.window_ms].concat([
    ...[rate.posts, rate.window_ms, block_ms],
  ]);
  const postedBy = (key: string) => `rate_limit:${key}:post`;
  const browsersOf = (address: string) => `rate_limit:${address}:browsers`;

  async function count(key: string, at_most: number, window_ms: number): Promise<[number, number]> {
    return (await ask('COUNT', [key], [nextMember(), at_most, window_ms])) as [number, number];
  }

  async function admitAs(asked: Counted[]): Promise<Answered[]> {
    const names = asked.flatMap(({ address, counted, is_venue }) => [
      ...[is_venue ? `rate_limit:${counted}:hold` : `blocked_ip:${address}`, browsersOf(address)],
      ...[`burst:${counted}`, `rate_limit:${counted}:rate`],
    ]);
    const values = asked.flatMap(({ counted, route, is_venue, is_crowd }) => [
      ...[counted, route, Number(is_venue), Number(is_crowd)],
    ]);
    return (await ask('ADMIT', ['rate_limit:keys', ...names], [...limits, ...values])) as Answered[];
  }

  /** What comes while Redis is asked is asked together: a round trip costs more than a decision. */
  async function admitAll(asked: Asked[]): Promise<Admission[]> {
    const answers = await admitAs(asked.map((one) => countedAs(one, false)));
    const crowds = [...answers.keys()].filter((i) => answers[i]![0] === 'crowd');
    if (crowds.length > 0) {
      const again = await admitAs(crowds.map((i) => countedAs(asked[i]!, true)));
      for (const [n, [by, wait_ms]] of again.entries()) answers[crowds[n]!] = [by, wait_ms, 1];
    }
    return answers.map(admissionOf);
  }

  const admissions = createBatcher(ADMITTED_AT_ONCE, admitAll, () => true);

  return {
    admit: (visitor, route) => admissions.push({ visitor, route }),
    async pace(key) {
      const [, waits_ms] = await count(`rate_limit:${key}:rate`, rate.posts, rate.window_ms);
      return waits_ms;
    },
    async isCrowd({ key, address }) {
      return (await ask('CROWD', [browsersOf(address)], [key, keys.of_address, keys.window_ms])) === 1;
    },
    isShadowed: async (asked) => (await ask('SHADOWED', asked.map(shadowbanOf), [])) === 1,
    async waitOf(key, cooldown_ms) {
      const [waits_ms] = (await ask('POST', [postedBy(key)], [cooldown_ms, 0, POSTED_FOR_MS])) as [number];
      return waits_ms;
    },
    async post(key, cooldown_ms) {
      const answer = await ask('POST', [postedBy(key)], [cooldown_ms, 1, POSTED_FOR_MS]);
      const [waits_ms, posted_at, before] = answer as [number, number, number];
      return waits_ms > 0 ? { waits_ms } : { waits_ms, posted_at, before: before < 0 ? null : before };
    },
    async giveBack(key, turn) {
      if (!('posted_at' in turn)) return;
      await ask('GIVE_BACK', [postedBy(key)], [turn.posted_at, turn.before ?? -1, POSTED_FOR_MS]);
    },
    countRefusedText: async (key) => (await count(`rate_limit:${key}:text`, text.refused, text.window_ms))[0],
    async mayCommand(institution) {
      const [ordered] = await count(`rate_limit:${institution}:bans`, commands.most, commands.window_ms);
      return ordered <= commands.most;
    },
    async keepReporter(key, reporter) {
      const name = `reports:fingerprint:${key}`;
      return (await ask('REPORT', [name], [reporter, reports.window_ms, MOST_REPORTERS])) as number;
    },
    async mirror(bans) {
      if (bans.length > 0) await ask('MIRROR', bans.map(mirrorOf), bans.map(lastsOf));
    },
    claimMirror: async () => (await ask('CLAIM', ['shadowban:mirrored'], [MIRROR_AGAIN_MS])) === 1,
    close,
  };
}

/** Scripts that are asked by name, over one connection that is made when it is needed. */
function createAsking(redis: RedisServer, prefix: string, clock: string) {
  const scripts = Object.entries(SCRIPTS).map(([name, lua]) => [`guard_${name}`, { lua: `${clock}\n${lua}` }]);
  const { client, ask: askConnected, close } = openLazily(redis, 'guard', Object.fromEntries(scripts));
  const self = randomBytes(6).toString('base64url');
  let asked = 0;

  function ask(script: keyof typeof SCRIPTS, names: string[], values: Values): Promise<unknown> {
    return askConnected(() => {
      const one = (client as unknown as { [name: string]: Run })[`guard_${script}`]!;
      return one.call(client, names.length, ...names.map((name) => prefix + name), ...values);
    });
  }

  function nextMember(): string {
    asked += 1;
    return `${self}.${asked.toString(36)}`;
  }

  return { ask, nextMember, close };
}

type Refused = Extract<Admission, { admitted: false }>['by'];
type Answered = [by: 'admitted' | 'crowd' | Refused, retry_after_ms: number, crowd: number];

function admissionOf([by, retry_after_ms, crowd]: Answered): Admission {
  const is_crowd = crowd === 1;
  if (by === 'admitted') return { admitted: true, is_crowd };
  return { admitted: false, by: by as Refused, is_crowd, retry_after_ms };
}

function countedAs({ visitor, route }: Asked, is_crowd: boolean): Counted {
  const { address, is_venue } = visitor;
  return { address, is_venue, counted: is_crowd ? visitor.crowd : visitor.key, is_crowd, route };
}

function shadowbanOf(key: string): string {
  return `shadowban:${key}`;
}

function mirrorOf({ subject, value }: MirroredBan): string {
  return subject === 'key' ? shadowbanOf(value) : `blocked_ip:${value}`;
}

function lastsOf({ left_ms }: MirroredBan): number {
  return Math.max(0, Math.min(left_ms ?? MIRRORED_FOR_MS, MIRRORED_FOR_MS));
}
