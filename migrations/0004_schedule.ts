/**
 * The schedule: who leads (a lease with a term), the timetable as the leader last published it, and the ledger of
 * ticks. A ledger row is the job itself: it is durable from the moment it is fired, whatever becomes of its doorbell.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table leases (
      name text primary key,
      holder text not null,
      term bigint not null check (term > 0),
      acquired_at timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      clock_skew_ms integer not null default 0
    );

    create table schedules (
      name text primary key,
      summary text not null,
      cron text not null,
      missed text not null,
      queue text not null,
      next_slot timestamptz(3) not null,
      known_since timestamptz(3) not null default clock_timestamp()
    );

    create table schedule_ticks (
      name text not null,
      slot timestamptz(3) not null,
      id uuid not null,
      queue text not null,
      term bigint,
      fired_at timestamptz(3) not null default clock_timestamp(),
      given_up integer not null default 0,
      status text not null,
      due_at timestamptz(3) not null default clock_timestamp(),
      attempts smallint not null default 0,
      run uuid,
      started_at timestamptz(3),
      finished_at timestamptz(3),
      result json,
      error text,
      primary key (name, slot),
      constraint ck_tick_status check (status in ('waiting', 'running', 'succeeded', 'failed', 'skipped')),
      constraint ck_tick_finished check ((status in ('waiting', 'running')) = (finished_at is null))
    ) with (fillfactor = 85);
    create index schedule_ticks_unfinished on schedule_ticks (name, slot) where status in ('waiting', 'running');
    create unique index uq_tick_running on schedule_ticks (name) where status = 'running';

    create table health_reports (
      slot timestamptz(3) primary key,
      made_at timestamptz(3) not null default clock_timestamp(),
      concerns text[] not null,
      report json not null
    );

    -- A dead command is pruned in its time; the redrive goes on saying which one it was.
    alter table commands drop constraint commands_redrive_of_fkey;

    grant select on leases, schedules, schedule_ticks, health_reports to ${roles.api};
    grant select, insert, update on leases to ${roles.worker};
    grant select, insert, update, delete on schedules, schedule_ticks, health_reports to ${roles.worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table commands add constraint commands_redrive_of_fkey
      foreign key (redrive_of) references commands (id) on delete restrict not valid;
    drop table health_reports;
    drop table schedule_ticks;
    drop table schedules;
    drop table leases;
  `);
}
