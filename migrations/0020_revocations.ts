/**
 * Tokens that were ended before their time, by what names them. The door and the relay look a token up by its names when
 * they meet it, and read what is new each second: each by an index, however long the list has grown.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { door, relay, worker, verifier } = rolesOf(knex);
  await knex.raw(`
    create table revocations (
      -- The command's.
      id uuid not null,
      claim text not null,
      value text collate "C" not null,
      -- Whose tokens alone; null: those of every institution.
      institution_id uuid,
      revoked_at timestamptz(3) not null,
      revoked_by text not null,
      kept_until timestamptz(3) not null,
      primary key (id, claim),
      constraint ck_revocation_claim check (claim in ('jti', 'sid', 'sub')),
      constraint ck_revocation_value check (length(value) between 1 and 255)
    );
    create index revocations_by_name on revocations (value, claim, institution_id, revoked_at desc);
    create index revocations_latest on revocations (revoked_at);
    create index revocations_kept on revocations (kept_until);

    grant select (claim, value, institution_id, revoked_at) on revocations to ${door};
    grant select on revocations to ${relay}, ${verifier};
    grant select, insert, delete on revocations to ${worker};
    alter table revocations enable row level security, force row level security;
    ${Object.entries({ door, relay, worker, verifier })
      .map(([name, role]) => `create policy ${name}_all on revocations to ${role} using (true) with check (true);`)
      .join('\n')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table revocations');
}
