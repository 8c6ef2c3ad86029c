/** What doors have refused in a minute, on its way to the audit trail; which checkpoints are listed no more;
 * and the files that entries name. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, door, worker } = rolesOf(knex);
  await knex.raw(`
    alter table audit_entries add column data_sha256 text, add column data_bytes integer;
    create index audit_entries_of_file on audit_entries (data_sha256) where data_sha256 is not null;

    create table audit_refusals (
      minute timestamptz(3) not null,
      -- An institution, or the installation.
      owner uuid not null,
      user_id text collate "C" not null,
      role text collate "C" not null,
      route text collate "C" not null,
      code text collate "C" not null,
      count integer not null check (count > 0),
      primary key (minute, owner, user_id, role, route, code)
    );
    grant select, insert, update on audit_refusals to ${door};
    -- To be locked while they are taken.
    grant select, update, delete on audit_refusals to ${worker};

    create table audit_archive (
      size bigint primary key,
      archived_at timestamptz(3) not null default clock_timestamp()
    );
    grant select on audit_archive to ${api};
    grant select, insert on audit_archive to ${worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table audit_archive;
    drop table audit_refusals;
    drop index audit_entries_of_file;
    alter table audit_entries drop column data_sha256, drop column data_bytes;
  `);
}
