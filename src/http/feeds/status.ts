/**
 * `GET /v1/status`: how the installation does, for anybody in states and counts, and for admins with the names of the own
 * feeds. It is reckoned once in two seconds, whoever asks; what cannot be read just now is null.
 */
import { type Actor, ADMINS } from '../../core/definitions/actor.ts';
import type { FeedPace } from '../../core/definitions/outside.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import {
  type FeedRow,
  type NamedFeed,
  namedFeed,
  providersOf,
  type Status,
  servicesOf,
  statusAnswer,
} from '../../feeds/statusAnswer.ts';
import { type ApiContext, enter } from '../door/door.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

export const readStatus: RouteDefinition = defineRoute({
  name: 'status.read',
  route: 'GET /v1/status',
  summary: 'How services, providers, breakers and the pipeline do; for admins with the names of their feeds',
  roles: 'anyone',
  answer: statusAnswer,
  rejects: [],
  serve: serveStatus,
});

const KEPT_MS = 2_000;
/** What is beyond is not looked at. */
const MOST_FEEDS = 1_000;
const MOST_NAMED = 200;

type Shared = Omit<Status, 'feeds'>;

function serveStatus(context: ApiContext): Serve {
  let kept: { until: number; reading: Promise<Shared> } | undefined;

  function shared(): Promise<Shared> {
    if (!kept || performance.now() >= kept.until) {
      kept = { until: performance.now() + KEPT_MS, reading: readShared(context) };
    }
    return kept.reading;
  }

  return async (req, res) => {
    const actor = await enter(context, req, res, readStatus);
    const isAdmin = actor !== null && (ADMINS as readonly string[]).includes(actor.role);
    const own = isAdmin ? readOwn(context, actor).catch(() => null) : null;
    const [status, feeds] = await Promise.all([shared(), own]);
    res.set('Cache-Control', 'no-store').json({ ...status, feeds });
  };
}

async function readShared({ door, outside, queues, health }: ApiContext): Promise<Shared> {
  const [paces, jobs] = await Promise.all([readPaces(door, outside), countJobs(queues).catch(() => null)]);
  const { state, services, inbox } = servicesOf(health());
  return { state, services, ...providersOf(paces), pipeline: { ...inbox, jobs }, as_of: new Date().toISOString() };
}

const ENABLED = {
  name: 'read-enabled-feeds',
  text: `select id from feeds where state = 'enabled' limit ${MOST_FEEDS}`,
};

/** Null where Postgres or Redis is away. */
async function readPaces(door: Queryable, outside: ApiContext['outside']): Promise<FeedPace[] | null> {
  try {
    const { rows } = await door.query<{ id: string }>(ENABLED);
    return rows.length === 0 ? [] : await outside.readPaces(rows.map(({ id }) => id));
  } catch {
    return null;
  }
}

async function countJobs(queues: ApiContext['queues']) {
  const counts = await queues.queue('default').getJobCounts('waiting', 'active', 'delayed', 'failed');
  const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return { waiting, active, delayed, failed };
}

/** By the index of an institution's feeds; row security leaves those of the reader's. */
const OWN = (whose: string) => `
  select f.id, f.name, f.provider, s.last_sync from feeds f left join feed_states s on s.feed_id = f.id
  where f.state = 'enabled' and ${whose} order by f.created_at, f.id limit ${MOST_NAMED}`;

async function readOwn({ reading, outside }: ApiContext, actor: Actor): Promise<NamedFeed[]> {
  const isRoot = actor.role === 'super_admin';
  const text = OWN(isRoot ? '$1::uuid is null' : 'f.institution_id = $1');
  const values = [isRoot ? null : actor.institution_id];
  const { rows } = await reading.inScope(actor, null, (db) => db.query<FeedRow>(text, values));
  const paces = await outside.readPaces(rows.map(({ id }) => id));
  return rows.map((row, i) => namedFeed(row, paces[i]!));
}
