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
  /** Of the relay: for each room, and the most frequent. */
  statements_per_room: number;
  statements: Statement[];
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
    await forgetStatements(stage.databaseUrl);
    const back = stage.hear('back');
    await stage.replaceRelay();
    const { elapsed_ms } = await back;
    const statements = await readStatements(stage.databaseUrl);
    const again = await recordAtRate(stage, BEFORE.per_second, BEFORE.seconds, dockets);
    const second = await untilQuiet(stage);
    return {
      contestant,
      listeners,
      rooms,
      back_ms: elapsed_ms,
      statements_per_room: statements.reduce((sum, { calls }) => sum + calls, 0) / rooms,
      statements,
      lost: ((recorded + again) * listeners) / rooms - first.delivered - second.delivered,
      out_of_order: first.out_of_order + second.out_of_order,
    };
  } finally {
    await stage.leave();
  }
}

interface Statement {
  calls: number;
  text: string;
}

const forgetStatements = (url: string) =>
  ask(url, 'create extension if not exists pg_stat_statements; select pg_stat_statements_reset()');

/** What the relay's role asked, without what begins and ends transactions. */
async function readStatements(url: string): Promise<Statement[]> {
  const { rows } = await ask(
    url,
    `select calls::int, regexp_replace(left(query, 300), '\\s+', ' ', 'g') as text
     from pg_stat_statements s join pg_roles r on r.oid = s.userid
     where r.rolname like '%relay' and query !~* '^(begin|commit|rollback|set|select set_config)' order by calls desc`,
  );
  return rows as Statement[];
}

async function ask(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
