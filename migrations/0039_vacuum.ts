/**
 * Tables that only grow are vacuumed and analysed by how much came, and no more by a share of what is there: at a hundred
 * million events a fifth is twenty million, looked through all at once. `commands`, `streams` and `log_queue` have had
 * settings of their own before.
 */
import type { Knex } from 'knex';

const INSERTED = {
  autovacuum_vacuum_insert_scale_factor: 0,
  autovacuum_vacuum_insert_threshold: 1_000_000,
  autovacuum_analyze_scale_factor: 0,
  autovacuum_analyze_threshold: 1_000_000,
};
const CHANGED = { autovacuum_vacuum_scale_factor: 0, autovacuum_vacuum_threshold: 50_000 };

const SETTINGS: Record<string, Record<string, number>> = {
  events: INSERTED,
  event_payloads: INSERTED,
  log_leaves: INSERTED,
  // Each row is written anew at every check, and in every observation that ends.
  session_checks: CHANGED,
  session_observations: CHANGED,
};

/** It waits for no reader and no writer. */
export async function up(knex: Knex): Promise<void> {
  for (const [table, settings] of Object.entries(SETTINGS)) {
    const list = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    await knex.raw(`alter table ${table} set (${list.join(', ')})`);
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const [table, settings] of Object.entries(SETTINGS)) {
    await knex.raw(`alter table ${table} reset (${Object.keys(settings).join(', ')})`);
  }
}
