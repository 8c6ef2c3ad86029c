/** What stands around checkpoints: the keys that sign, witnesses' cosignatures, how far each sink is, and what was seen that may not be. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, verifier, worker } = rolesOf(knex);
  await knex.raw(`
    create table log_keys (
      vkey text primary key,
      name text not null,
      use text not null check (use in ('log', 'head')),
      from_size bigint not null check (from_size >= 0),
      retired_at timestamptz(3)
    );
    create unique index uq_log_key_active on log_keys (use) where retired_at is null;

    create table log_cosignatures (
      size bigint not null references log_checkpoints (size),
      name text not null,
      line text not null,
      cosigned_at timestamptz(3) not null,
      primary key (size, name)
    );

    create table log_sinks (
      sink text primary key,
      size bigint not null check (size >= 0),
      delivered_at timestamptz(3) not null default clock_timestamp()
    );

    -- Two valid notes of one size, or a state that an operator named: kept for good.
    create table log_evidence (
      id bigint generated always as identity primary key,
      kind text not null check (kind in ('fork', 'reanchored')),
      size bigint not null,
      note text not null,
      other text,
      found_at timestamptz(3) not null default clock_timestamp()
    );
    create unique index uq_log_evidence on log_evidence (kind, size, md5(note));

    create trigger cosignatures_are_immutable before update or delete on log_cosignatures
      for each row execute function refuse_change();
    create trigger evidence_is_immutable before update or delete on log_evidence
      for each row execute function refuse_change();
    create trigger evidence_stays before truncate on log_evidence for each statement execute function refuse_change();
    alter table log_cosignatures enable always trigger cosignatures_are_immutable;
    alter table log_evidence enable always trigger evidence_is_immutable;
    alter table log_evidence enable always trigger evidence_stays;

    grant select on log_keys, log_cosignatures to ${api}, ${verifier}, ${worker};
    grant select on log_evidence to ${verifier}, ${worker};
    grant insert, update on log_keys to ${worker};
    grant insert on log_cosignatures, log_evidence to ${worker};
    grant select, insert, update on log_sinks to ${worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table log_evidence, log_sinks, log_cosignatures, log_keys');
}
