/**
 * The log: all streams in one Merkle tree. A leaf's place is given by the sequencer, to events that are committed; which
 * streams have grown stands in a queue that is filled by the commit that made them grow, so that a late commit is only late.
 * What was signed stays: below the size of the largest checkpoint no leaf changes place and no hash of a tile changes.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, verifier, worker } = rolesOf(knex);
  await knex.raw(`
    create table log_queue (
      id bigint generated always as identity primary key,
      stream text collate "C" not null
    ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
      autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);

    create table log_state (
      one boolean primary key default true check (one),
      size bigint not null default 0 check (size >= 0),
      low_water bigint not null default 0,
      swept text collate "C" not null default '',
      sweep_due timestamptz(3) not null default clock_timestamp()
    ) with (fillfactor = 20);
    insert into log_state default values;

    create table log_leaves (
      index bigint primary key check (index >= 0),
      stream text collate "C" not null,
      sequence integer not null,
      constraint uq_leaf_event unique (stream, sequence)
    );

    create table log_tiles (
      level smallint not null check (level between 0 and 7),
      index bigint not null check (index >= 0),
      hashes bytea not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
      primary key (level, index)
    );
    alter table log_tiles alter hashes set storage external;

    create table log_held (
      stream text collate "C" primary key,
      sequence integer not null,
      fault text not null,
      since timestamptz(3) not null default clock_timestamp()
    );

    create table log_checkpoints (
      size bigint primary key check (size >= 0),
      root bytea not null check (octet_length(root) = 32),
      note text not null,
      created_at timestamptz(3) not null default clock_timestamp()
    );

    create function refuse_signed_leaf() returns trigger language plpgsql as $$
    begin
      if old.index >= (select coalesce(max(size), 0) from public.log_checkpoints) then
        return old;
      end if;
      raise exception 'delete of log_leaves is refused: leaf % is under a checkpoint', old.index
        using errcode = 'integrity_constraint_violation';
    end $$;

    create function refuse_signed_hash() returns trigger language plpgsql as $$
    declare
      signed bigint := (select coalesce(max(size), 0) from public.log_checkpoints);
      kept integer := 32 * least(greatest(signed / (256::bigint ^ old.level)::bigint - 256 * old.index, 0), 256);
    begin
      if tg_op = 'DELETE' and kept = 0 then
        return old;
      elsif tg_op = 'UPDATE' and (new.level, new.index) = (old.level, old.index)
        and octet_length(new.hashes) >= kept and substr(new.hashes, 1, kept) = substr(old.hashes, 1, kept) then
        return new;
      end if;
      raise exception '% of log_tiles is refused: tile %/% is under a checkpoint', lower(tg_op), old.level, old.index
        using errcode = 'integrity_constraint_violation';
    end $$;

    create trigger leaves_keep_their_place before update on log_leaves for each row execute function refuse_change();
    create trigger signed_leaves_stay before delete on log_leaves for each row execute function refuse_signed_leaf();
    create trigger leaves_stay before truncate on log_leaves for each statement execute function refuse_change();
    create trigger signed_hashes_stay before update or delete on log_tiles for each row execute function refuse_signed_hash();
    create trigger tiles_stay before truncate on log_tiles for each statement execute function refuse_change();
    create trigger checkpoints_are_immutable before update or delete on log_checkpoints
      for each row execute function refuse_change();
    create trigger checkpoints_stay before truncate on log_checkpoints for each statement execute function refuse_change();
    alter table log_leaves enable always trigger leaves_keep_their_place;
    alter table log_leaves enable always trigger signed_leaves_stay;
    alter table log_leaves enable always trigger leaves_stay;
    alter table log_tiles enable always trigger signed_hashes_stay;
    alter table log_tiles enable always trigger tiles_stay;
    alter table log_checkpoints enable always trigger checkpoints_are_immutable;
    alter table log_checkpoints enable always trigger checkpoints_stay;

    grant select on log_state, log_leaves, log_tiles, log_checkpoints to ${api}, ${verifier}, ${worker};
    grant select on log_held to ${verifier}, ${worker};
    grant select, insert, delete on log_queue to ${worker};
    grant select on sequence log_queue_id_seq to ${worker};
    grant update on log_state to ${worker};
    grant insert, delete on log_leaves to ${worker};
    grant insert, update, delete on log_tiles, log_held to ${worker};
    grant insert on log_checkpoints to ${worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table log_queue, log_state, log_leaves, log_tiles, log_held, log_checkpoints;
    drop function refuse_signed_leaf, refuse_signed_hash;
  `);
}
