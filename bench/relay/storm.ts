/** The relay is killed under its listeners, and all come back at once to another: when each is up to date again. */
import pg from 'pg';
import type { Grounds } from '../grounds.ts';
import type { Contestant } from './contestants.ts';
import { untilQuiet } from './fanout.ts';
import { recordAtRate } from './pace.ts';
import { openStage } from './stage.ts';

export interface StormResult {
  contestant: Contestant;
  listeners: number;
  rooms: number;
  /** From the first that was cut off to the last that was up to date. */
  back_ms: number;
  /** Transactions of the relay's role, for each room. */
  transactions_per_room: number;
  lost: number;
  out_of_order: number;
}

const AT_ONCE = 200;
const WITHIN_MS = 1_000;
const BEFORE = { per_second: 200, seconds: 2 };

export async function measureStorm(
  grounds: Grounds,
  contestant: Contestant,
  signal: AbortSignal,
  listeners: number,
  rooms: number,
): Promise<StormResult> {
  const stage = await openStage(grounds, contestant, signal);
  try {
    const dockets = stage.dockets.slice(0, rooms);
    await stage.join({ listeners, at_once: AT_ONCE, dockets, reconnect_within_ms: WITHIN_MS });
    const recorded = await recordAtRate(stage, BEFORE.per_second, BEFORE.seconds, dockets);
    const first = await untilQuiet(stage);
    const before = await transactions(stage.databaseUrl);
    const back = stage.hear('back');
    await stage.replaceRelay();
    const { elapsed_ms } = await back;
    const after = await transactions(stage.databaseUrl);
    const again = await recordAtRate(stage, BEFORE.per_second, BEFORE.seconds, dockets);
    const second = await untilQuiet(stage);
    return {
      contestant,
      listeners,
      rooms,
      back_ms: elapsed_ms,
      transactions_per_room: (after - before) / rooms,
      lost: ((recorded + again) * listeners) / rooms - first.delivered - second.delivered,
      out_of_order: first.out_of_order + second.out_of_order,
    };
  } finally {
    await stage.leave();
  }
}

/** Of the whole database: what API and worker do at rest is in it. */
async function transactions(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    'select xact_commit::int8 as committed from pg_stat_database where datname = current_database()',
  );
  await client.end();
  return Number(rows[0].committed);
}
