/** How services and providers do, as `/v1/status` shows it: states and counts, and no name but to those whose it is. Pure. */
import { z } from 'zod';
import { at, count, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import type { FeedPace } from '../core/definitions/outside.ts';
import { PROVIDERS } from './feed.ts';
import { HEALTH } from './pace/health.ts';

const STATES = ['up', 'degraded', 'down'] as const;
type State = (typeof STATES)[number];
const state = z.enum(STATES);
const BREAKERS = ['closed', 'half_open', 'open'] as const;

const service = z.strictObject({
  state,
  /** Processes of it. */
  count,
});

const namedFeedSchema = z.strictObject({
  ...{ id: uuid, name: text, provider: z.enum(PROVIDERS), state },
  health: count.max(10_000),
  breaker: z.enum(BREAKERS),
  /** Null before the first one. */
  last_sync: at.nullable(),
});
export type NamedFeed = z.output<typeof namedFeedSchema>;
export type FeedRow = Pick<NamedFeed, 'id' | 'name' | 'provider' | 'last_sync'>;

export const statusAnswer = named(
  'Status',
  z.strictObject({
    state,
    services: z.strictObject({
      postgres: z.strictObject({ state }),
      /** Null where there is none. */
      redis: z.strictObject({ state }).nullable(),
      ...{ api: service, worker: service, relay: service, scheduler: service, signer: service },
    }),
    /** Feeds that are switched on, by how their sites answer; null where that cannot be read just now. */
    providers: z.strictObject({ up: count, degraded: count, down: count }).nullable(),
    breaker: z.strictObject({ closed: count, half_open: count, open: count }).nullable(),
    pipeline: z.strictObject({
      /** Commands that are accepted and not applied, and how long the oldest waits. */
      pending: count,
      oldest_pending_seconds: z.number().min(0),
      /** Of feeds; null where they cannot be counted just now. */
      jobs: z.strictObject({ waiting: count, active: count, delayed: count, failed: count }).nullable(),
    }),
    /** For admins those of the own institution; null for others, and where they cannot be read just now. */
    feeds: z.array(namedFeedSchema).nullable(),
    as_of: at,
  }),
  {
    state: 'up',
    services: {
      ...{ postgres: { state: 'up' }, redis: { state: 'up' }, api: { state: 'up', count: 2 } },
      ...{ worker: { state: 'up', count: 2 }, relay: { state: 'up', count: 2 } },
      ...{ scheduler: { state: 'up', count: 2 }, signer: { state: 'up', count: 1 } },
    },
    ...{ providers: { up: 3, degraded: 1, down: 0 }, breaker: { closed: 4, half_open: 0, open: 0 } },
    pipeline: { pending: 0, oldest_pending_seconds: 0, jobs: { waiting: 0, active: 1, delayed: 0, failed: 0 } },
    ...{ feeds: null, as_of: EXAMPLE.now },
  },
);
export type Status = z.output<typeof statusAnswer>;

/** What the probe of a process says. */
export interface ProcessHealth {
  healthy: boolean;
  degraded: boolean;
  redis_connected: boolean | null;
  queue: { pending: number; oldest_pending_seconds: number };
  processes: Record<'api' | 'worker' | 'relay' | 'scheduler' | 'signer', number>;
}

export function servicesOf({ healthy, degraded, redis_connected, queue, processes }: ProcessHealth) {
  const of = (number: number) => ({ state: number > 0 ? ('up' as const) : ('down' as const), count: number });
  const { api, worker, relay, scheduler, signer } = processes;
  const state: State = !healthy ? 'down' : degraded ? 'degraded' : 'up';
  const services: Status['services'] = {
    postgres: { state: healthy ? 'up' : 'down' },
    redis: redis_connected === null ? null : { state: redis_connected ? 'up' : 'down' },
    ...{ api: of(api), worker: of(worker), relay: of(relay), scheduler: of(scheduler), signer: of(signer) },
  };
  const { pending, oldest_pending_seconds } = queue;
  return { state, services, inbox: { pending, oldest_pending_seconds } };
}

function stateOf({ health, breaker }: FeedPace): State {
  if (breaker === 'open') return 'down';
  return breaker === 'closed' && health >= HEALTH.threshold ? 'up' : 'degraded';
}

export function providersOf(paces: readonly FeedPace[] | null): Pick<Status, 'providers' | 'breaker'> {
  if (!paces) return { providers: null, breaker: null };
  const providers = { up: 0, degraded: 0, down: 0 };
  const breaker = { closed: 0, half_open: 0, open: 0 };
  for (const pace of paces) {
    providers[stateOf(pace)] += 1;
    breaker[pace.breaker] += 1;
  }
  return { providers, breaker };
}

export function namedFeed({ id, name, provider, last_sync }: FeedRow, pace: FeedPace): NamedFeed {
  const { health, breaker } = pace;
  return { id, name, provider, state: stateOf(pace), health, breaker, last_sync };
}
