/**
 * What must hold of a record after whatever happened, judged by what the clients were told: every accepted command has
 * one outcome, the answers were true, nothing was applied twice or lost, order was kept, and the chains verify.
 */
import type pg from 'pg';
import { expect } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import { timings } from '../../src/infra/timings.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import type { Json } from './client.ts';
import type { TestDatabase } from './database.ts';
import type { Sent } from './load.ts';
import { until } from './processes.ts';

interface CommandRow {
  id: string;
  name: string;
  status: string;
  attempts: number;
  idempotency_key: string | null;
  outcome: string | null;
}

/** @param findings what the verifier is right to find. @returns the inbox */
export async function checkHistory(database: TestDatabase, sent: Sent[], findings: object = {}): Promise<CommandRow[]> {
  await untilSettled(database.pool);
  const { rows } = await database.pool.query<CommandRow>(
    'select id, name, status, attempts, idempotency_key, outcome from commands order by position',
  );
  expectAnswersTrue(sent, rows);
  await expectAppliedOnce(database.pool, rows);
  await expectNoGap(database.pool);
  await expectOrderKept(database.pool, sent);
  await expectVerified(database.url, findings);
  return rows;
}

/** Eventually nothing waits any more. @returns how many milliseconds that took */
export async function untilSettled(pool: pg.Pool, within_ms = 30_000): Promise<number> {
  const started = performance.now();
  const text = `select from commands where status = 'accepted' limit 1`;
  await until('no command is pending', async () => (await pool.query(text)).rowCount === 0, within_ms);
  return performance.now() - started;
}

/** Each answer is what is stored; nobody was told of a command that is not there. */
function expectAnswersTrue(sent: Sent[], rows: CommandRow[]): void {
  const byKey = new Map(rows.map((row) => [row.idempotency_key, row]));
  for (const { key, answer } of sent) {
    if (!answer) continue;
    const row = byKey.get(key);
    expect(row, `command ${key}, answered ${answer.status}`).toBeDefined();
    expect(answer.body.command_id).toBe(row!.id);
    if (answer.status === 202) continue;
    const stored = JSON.parse(row!.outcome!) as Json;
    if (answer.status < 300) {
      expect(answer.body).toEqual({ command_id: row!.id, status: row!.status, ...stored });
    } else {
      expect(['rejected', 'dead']).toContain(row!.status);
      expect(answer.body).toEqual({ ...stored.problem, command_id: row!.id, instance: `/api/command/${row!.id}` });
    }
  }
}

/** An event's id is its command's, with the last 16 bits counted up. Log entries record one event each. */
async function expectAppliedOnce(pool: pg.Pool, rows: CommandRow[]): Promise<void> {
  const { rows: events } = await pool.query<{ prefix: string; events: number }>(
    'select left(event_id::text, 32) as prefix, count(*)::int as events from events group by 1',
  );
  const recorded = new Map(events.map(({ prefix, events }) => [prefix, events]));
  const expected = new Map<string, number>();
  for (const { id, status, outcome } of rows) {
    const count = status === 'applied' ? (JSON.parse(outcome!).events as unknown[]).length : 0;
    if (count > 0) expected.set(id.slice(0, 32), count);
  }
  expect(recorded).toEqual(expected);
}

async function expectNoGap(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query(`
    select stream, count(*), max(sequence) from events group by stream
    having count(*) <> max(sequence) or min(sequence) <> 1`);
  expect(rows).toEqual([]);
}

/** What a client sent to a session one after the other stands there in that order. */
async function expectOrderKept(pool: pg.Pool, sent: Sent[]): Promise<void> {
  const { rows } = await pool.query<{ stream: string; client: number; n: number }>(`
    select stream, (payload::json ->> 'client')::int as client, (payload::json ->> 'n')::int as n
    from events join event_payloads using (stream, sequence) where event_type = 'NOTE' order by stream, sequence`);
  const last = new Map<string, number>();
  for (const { stream, client, n } of rows) {
    const who = `client ${client} in ${stream}`;
    expect(n, who).toBeGreaterThan(last.get(who) ?? -1);
    last.set(who, n);
  }
  const applied = sent.filter(({ answer }) => answer?.status === 200).length;
  expect(rows.length).toBeGreaterThanOrEqual(applied);
}

async function expectVerified(url: string, findings: object): Promise<void> {
  const pool = openPool(url, 'verifier', 1, () => {}, undefined, timings.postgres.verify_within_ms);
  try {
    const report = await verifyRecord(pool as never, catalog, { institution_id: null });
    expect(report).toMatchObject({
      invalid_sessions: [],
      invalid_streams: [],
      guard_issues: [],
      command_issues: [],
      ...findings,
    });
  } finally {
    await pool.end();
  }
}
