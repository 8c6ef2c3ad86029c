/**
 * Payloads that an event of their own stream erased, once they were kept for their time: which, and by which event. Only
 * streams of these kinds have any; what a court said goes by an erasure in the assignment's stream alone.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const KINDS = ['gallery', 'guard', 'contact', 'login', 'audit'];

const OWN = `
      if exists (
        select from public.lapsed_payloads x
        join public.events e on e.stream = x.stream and e.sequence = x.recorded_sequence
        join public.event_payloads p on p.stream = e.stream and p.sequence = e.sequence
        join public.events o on o.stream = x.stream and o.sequence = x.sequence
        where x.stream = old.stream and x.sequence = old.sequence
          and position('{"event_sequence":' || o.sequence || ',"payload_commitment":"'
            || encode(o.payload_commitment, 'hex') || '"}' in p.payload) > 0
      ) then
        return old;
      end if;`;

const deletion = (own: string) => `
    create or replace function refuse_unerased_delete() returns trigger language plpgsql as $$
    begin
      if exists (
        select from public.events e join public.event_payloads p using (stream, sequence)
        where e.stream like 'assignment:%' and e.event_type = 'PAYLOAD_ERASED'
          and p.payload::jsonb ->> 'stream' = old.stream
          and (p.payload::jsonb ->> 'event_sequence')::integer = old.sequence
      ) then
        return old;
      end if;${own}
      raise exception 'delete of event_payloads is refused: no PAYLOAD_ERASED event names % of %', old.sequence, old.stream
        using errcode = 'integrity_constraint_violation';
    end $$;`;

export async function up(knex: Knex): Promise<void> {
  const { worker, verifier } = rolesOf(knex);
  await knex.raw(`
    create table lapsed_payloads (
      stream text collate "C" not null,
      sequence integer not null,
      recorded_sequence integer not null,
      primary key (stream, sequence),
      constraint ck_lapsed_kind check (split_part(stream, ':', 1) in (${KINDS.map((kind) => `'${kind}'`).join(', ')})),
      constraint ck_lapsed_later check (recorded_sequence > sequence)
    );
    create trigger lapsed_payloads_are_immutable before update or delete on lapsed_payloads
      for each row execute function refuse_change();
    alter table lapsed_payloads enable always trigger lapsed_payloads_are_immutable;
    create trigger lapsed_payloads_stay before truncate on lapsed_payloads
      for each statement execute function refuse_change();
    alter table lapsed_payloads enable always trigger lapsed_payloads_stay;
    grant select on lapsed_payloads to ${worker}, ${verifier};
    grant insert on lapsed_payloads to ${worker};
    ${deletion(OWN)}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ${deletion('')}
    drop table lapsed_payloads;
  `);
}
