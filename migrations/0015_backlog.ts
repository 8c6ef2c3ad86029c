/**
 * What waits in the inbox is found without walking through what was settled: an index in inbox order, and a low-water
 * mark below which nothing waits but in the streams that it names. An index keeps the entries of settled commands while
 * any snapshot is older than their outcome, and as long as a backup runs every look would read all of them.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

/** Tables of which a fifth is too much to wait for before their dead rows are removed. */
const VACUUMED = ['commands', 'streams'];
const SETTINGS = {
  autovacuum_vacuum_scale_factor: 0,
  autovacuum_vacuum_threshold: 50_000,
  autovacuum_analyze_scale_factor: 0,
  autovacuum_analyze_threshold: 250_000,
};

export async function up(knex: Knex): Promise<void> {
  const { door, relay, worker } = rolesOf(knex);
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name} = ${value}`);
  await knex.raw(`
    create table inbox_mark (
      one boolean primary key default true check (one),
      low_water bigint not null default 0,
      stuck text[] collate "C" not null default '{}',
      stuck_from bigint[] not null default '{}',
      looked_at timestamptz(3) not null default clock_timestamp(),
      constraint ck_mark_stuck check (cardinality(stuck) = cardinality(stuck_from))
    ) with (fillfactor = 20);
    insert into inbox_mark default values;
    analyze inbox_mark;

    create index commands_waiting on commands (position) where status = 'accepted';

    ${VACUUMED.map((table) => `alter table ${table} set (${settings.join(', ')});`).join('\n')}

    grant select on inbox_mark to ${door}, ${relay}, ${worker};
    grant update on inbox_mark to ${worker};
    grant select on sequence commands_position_seq to ${door}, ${worker};
    grant select (position, stream) on commands to ${relay};
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { door, relay, worker } = rolesOf(knex);
  await knex.raw(`
    revoke select (position, stream) on commands from ${relay};
    revoke select on sequence commands_position_seq from ${door}, ${worker};
    ${VACUUMED.map((table) => `alter table ${table} reset (${Object.keys(SETTINGS).join(', ')});`).join('\n')}
    drop index commands_waiting;
    drop table inbox_mark;
  `);
}
