/**
 * The secrets of observers' tickets, in a table of their own that no backup holds: the one that signs, the one that will
 * and the one that did, so that they can be replaced while everything runs.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const RANDOM = 'gen_random_uuid()::text || gen_random_uuid()::text';

export async function up(knex: Knex): Promise<void> {
  const { door, relay, worker } = rolesOf(knex);
  await knex.raw(`
    create table ticket_secrets (
      one boolean primary key default true,
      secret text not null default ${RANDOM},
      next_secret text not null default ${RANDOM},
      last_secret text,
      rotated_at timestamptz(3) not null default clock_timestamp(),
      constraint ck_ticket_secrets_one check (one)
    );
    -- Tickets of before are good until they end.
    insert into ticket_secrets (secret) select ticket_secret from installation;
    grant select on ticket_secrets to ${door}, ${relay}, ${worker};
    grant update (secret, next_secret, last_secret, rotated_at) on ticket_secrets to ${worker};
    alter table installation drop column ticket_secret;
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { door, relay } = rolesOf(knex);
  await knex.raw(`
    alter table installation add column ticket_secret text not null default ${RANDOM};
    update installation set ticket_secret = secret from ticket_secrets;
    grant select on installation to ${door}, ${relay};
    drop table ticket_secrets;
  `);
}
