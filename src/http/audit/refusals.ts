/**
 * Refusals at the door, counted in memory and stored when their minute is over: never a statement for a request. What is
 * refused to a caller without a good token is nobody's, and told in metrics alone. A process that dies loses its minute.
 */
import type { Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import type { ProblemBody } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { gather } from '../../infra/gathering.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

export interface Refusals {
  note(res: Response, problem: ProblemBody): void;
  /** Stores what is counted, its minute over or not. */
  close(): Promise<void>;
}

interface RefusalsOptions {
  /** Role `door`. */
  db: Queryable;
  /** Whose trail has what is of no institution. */
  installation: string;
  metrics: Pick<Metrics, 'refusals'>;
  log: Log;
}

/** Of a request, once it is known who sends it. */
export interface Caller {
  actor: Actor;
  route: string;
}

/** Not let in, whoever asks again. Too many requests are no question of access. */
const REFUSED = [403, 404];
const MINUTE_MS = 60_000;
/** Beyond so many in a minute the rest of it is counted nowhere but in metrics. */
const MOST_KEPT = 5_000;
const AT_ONCE = 1_000;
const AGAIN_AFTER_MS = 1_000;
const CLOSE_WITHIN_MS = 1_000;

const STORE = {
  name: 'store-refusals',
  text: `
    insert into audit_refusals (minute, owner, user_id, role, route, code, count)
    select minute, owner, user_id, role, route, code, count from json_to_recordset($1) as (minute timestamptz, owner uuid,
      user_id text, role text, route text, code text, count integer)
    order by minute, owner, user_id, role, route, code
    on conflict (minute, owner, user_id, role, route, code) do update set count = audit_refusals.count + excluded.count`,
};

interface Counted {
  minute_ms: number;
  owner: string;
  user_id: string;
  role: string;
  route: string;
  code: string;
  count: number;
}

export function countRefusals({ db, installation, metrics, log }: RefusalsOptions): Refusals {
  const kept = gather<Counted>({
    ...{ most: MOST_KEPT, drops: 'newest', at_once: AT_ONCE, again_ms: AGAIN_AFTER_MS, last_ms: CLOSE_WITHIN_MS },
    joined: (older, { count }) => ({ ...older, count: older.count + count }),
    isDue: ({ minute_ms }) => minute_ms < minuteOf(Date.now()),
    store: async (portion) => void (await db.query({ ...STORE, values: [JSON.stringify(portion.map(rowOf))] })),
    failed: (err, refusals) => log.debug({ err, refusals }, 'refusals not stored; they wait'),
  });

  function note({ locals }: Response, { status, code }: ProblemBody): void {
    metrics.refusals.inc({ status: String(status) });
    const caller = locals.caller as Caller | undefined;
    if (!caller || !REFUSED.includes(status)) return;
    const { actor, route } = caller;
    const minute_ms = minuteOf(Date.now());
    const facts = { minute_ms, owner: actor.institution_id ?? installation, user_id: actor.id, role: actor.role };
    const key = [...Object.values(facts), route, code].join(' ');
    kept.add(key, { ...facts, route, code, count: 1 });
    kept.later(minute_ms + MINUTE_MS - Date.now());
  }

  return { note, close: kept.close };
}

const minuteOf = (at_ms: number) => Math.floor(at_ms / MINUTE_MS) * MINUTE_MS;

function rowOf([, { minute_ms, ...facts }]: [string, Counted]) {
  return { minute: new Date(minute_ms).toISOString(), ...facts };
}
