/**
 * Refusals at the door, counted in memory and stored when their minute is over: never a statement for a request. What is
 * refused to a caller without a good token is nobody's, and told in metrics alone. A process that dies loses its minute.
 */
import type { Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import type { ProblemBody } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { withTimeout } from '../../core/withTimeout.ts';
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
  const kept = new Map<string, Counted>();
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<void> | undefined;

  function note({ locals }: Response, { status, code }: ProblemBody): void {
    metrics.refusals.inc({ status: String(status) });
    const caller = locals.caller as Caller | undefined;
    if (!caller || !REFUSED.includes(status)) return;
    const { actor, route } = caller;
    const minute_ms = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const facts = { minute_ms, owner: actor.institution_id ?? installation, user_id: actor.id, role: actor.role };
    const key = [...Object.values(facts), route, code].join(' ');
    const known = kept.get(key);
    if (known) known.count += 1;
    else if (kept.size < MOST_KEPT) kept.set(key, { ...facts, route, code, count: 1 });
    again(minute_ms + MINUTE_MS - Date.now());
  }

  function again(in_ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void store(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
    }, in_ms).unref();
  }

  /** One after the other: what could not be stored is kept for the next. */
  function store(before_ms: number): Promise<void> {
    storing ??= storeOnce(before_ms).finally(() => {
      storing = undefined;
      if (kept.size > 0) again(AGAIN_AFTER_MS);
    });
    return storing;
  }

  async function storeOnce(before_ms: number): Promise<void> {
    const over = [...kept].filter(([, { minute_ms }]) => minute_ms < before_ms).slice(0, AT_ONCE);
    if (over.length === 0) return;
    const rows = over.map(([, { minute_ms, ...facts }]) => ({ minute: new Date(minute_ms).toISOString(), ...facts }));
    for (const [key] of over) kept.delete(key);
    try {
      await db.query({ ...STORE, values: [JSON.stringify(rows)] });
    } catch (err) {
      log.debug({ err, refusals: over.length }, 'refusals not stored; they are tried again');
      for (const [key, counted] of over) if (kept.size < MOST_KEPT) kept.set(key, counted);
    }
  }

  async function close(): Promise<void> {
    // Where Postgres is away they are lost with the process.
    await withTimeout(storeAll(), CLOSE_WITHIN_MS, 'refusals are not stored').catch((err) =>
      log.debug({ err }, 'refusals lost'),
    );
    clearTimeout(timer);
  }

  /** Until nothing is left, or a portion could not be stored. */
  async function storeAll(): Promise<void> {
    await storing;
    for (let before = Number.POSITIVE_INFINITY; kept.size > 0 && kept.size < before; ) {
      before = kept.size;
      await store(Number.POSITIVE_INFINITY);
    }
  }

  return { note, close };
}
