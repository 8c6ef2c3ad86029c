/**
 * The record: streams (their heads), events (immutable for ever) and payloads (the only part that can be erased, and
 * only where an event of the assignment's stream says so). The database recomputes each event's hash as it is stored
 * and refuses gaps' twins, forks, updates, deletes and truncation. Lengths are checked beside the patterns, not by
 * them: a bounded repetition makes each check several times as dear.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table installation (
      one boolean primary key default true check (one),
      ticket_secret text not null default gen_random_uuid()::text || gen_random_uuid()::text,
      created_at timestamptz(3) not null default now()
    );
    insert into installation default values;

    create table streams (
      stream text collate "C" primary key check (stream ~ '^[a-z]+:[a-z0-9-]+$' and length(split_part(stream, ':', 2)) <= 60),
      sequence integer not null check (sequence >= 0),
      event_hash bytea not null check (octet_length(event_hash) = 32),
      occurred_at timestamptz(3),
      held_until timestamptz(3)
    ) with (fillfactor = 70);

    create function event_envelope(stream text, sequence integer, event_id uuid, event_type text, actor_id text,
      occurred_at timestamptz, payload_commitment bytea, previous_hash bytea) returns text
    language sql stable parallel safe as $$
      select '{"actor":"' || actor_id
        || '","at":"' || to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        || '","commit":"' || encode(payload_commitment, 'hex')
        || '","id":"' || event_id
        || '","prev":"' || encode(previous_hash, 'hex')
        || '","seq":' || sequence
        || ',"stream":"' || stream
        || '","type":"' || event_type
        || '","v":"plearoll.event/1"}'
    $$;

    create table events (
      stream text collate "C" not null,
      sequence integer not null check (sequence >= 1),
      event_id uuid not null,
      event_type text not null check (event_type ~ '^[A-Z][A-Z0-9_]*$' and length(event_type) <= 50),
      actor_id text not null check (actor_id ~ '^[a-z0-9:_-]+$' and length(actor_id) <= 64),
      occurred_at timestamptz(3) not null,
      payload_commitment bytea not null check (octet_length(payload_commitment) = 32),
      previous_hash bytea not null check (octet_length(previous_hash) = 32),
      event_hash bytea not null,
      constraint uq_event_sequence primary key (stream, sequence),
      constraint uq_event_previous unique (stream, previous_hash),
      constraint uq_event_id unique (event_id),
      constraint ck_event_stream check (stream ~ '^[a-z]+:[a-z0-9-]+$' and length(split_part(stream, ':', 2)) <= 60),
      constraint ck_event_genesis check ((sequence = 1) = (previous_hash = decode(repeat('00', 32), 'hex'))),
      constraint ck_event_hash check (event_hash = sha256('\\x00'::bytea || convert_to(public.event_envelope(
        stream, sequence, event_id, event_type, actor_id, occurred_at, payload_commitment, previous_hash), 'UTF8')))
    );

    create index events_erasing on events (stream) where event_type = 'PAYLOAD_ERASED';

    create table event_payloads (
      stream text collate "C" not null,
      sequence integer not null,
      salt bytea not null check (octet_length(salt) = 32),
      payload text not null,
      primary key (stream, sequence),
      constraint fk_payload_event foreign key (stream, sequence) references events (stream, sequence)
    );

    create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% of % is refused: the record is append-only', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
    end $$;

    create function refuse_unerased_delete() returns trigger language plpgsql as $$
    begin
      if exists (
        select from public.events e join public.event_payloads p using (stream, sequence)
        where e.stream like 'assignment:%' and e.event_type = 'PAYLOAD_ERASED'
          and p.payload::jsonb ->> 'stream' = old.stream
          and (p.payload::jsonb ->> 'event_sequence')::integer = old.sequence
      ) then
        return old;
      end if;
      raise exception 'delete of event_payloads is refused: no PAYLOAD_ERASED event names % of %', old.sequence, old.stream
        using errcode = 'integrity_constraint_violation';
    end $$;

    create trigger events_are_immutable before update or delete on events
      for each row execute function refuse_change();
    create trigger events_stay before truncate on events
      for each statement execute function refuse_change();
    create trigger payloads_are_immutable before update on event_payloads
      for each row execute function refuse_change();
    create trigger payloads_stay before truncate on event_payloads
      for each statement execute function refuse_change();
    create trigger payloads_are_erased_openly before delete on event_payloads
      for each row execute function refuse_unerased_delete();
    create trigger streams_stay before delete on streams
      for each row execute function refuse_change();
    create trigger streams_are_not_emptied before truncate on streams
      for each statement execute function refuse_change();
    alter table events enable always trigger events_are_immutable;
    alter table events enable always trigger events_stay;
    alter table event_payloads enable always trigger payloads_are_immutable;
    alter table event_payloads enable always trigger payloads_stay;
    alter table event_payloads enable always trigger payloads_are_erased_openly;
    alter table streams enable always trigger streams_stay;
    alter table streams enable always trigger streams_are_not_emptied;

    grant select on installation to ${roles.api}, ${roles.relay};
    grant select on streams, events, event_payloads to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert on events, event_payloads to ${roles.worker};
    grant insert, update on streams to ${roles.worker};
    grant delete on event_payloads to ${roles.worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table event_payloads;
    drop table events;
    drop table streams;
    drop table installation;
    drop function event_envelope;
    drop function refuse_change;
    drop function refuse_unerased_delete;
  `);
}
