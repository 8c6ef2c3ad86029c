/**
 * What threats are found from, and what was found. None of it is record: like login sessions it stands outside the chain and
 * every backup, and goes after its time.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

/** Tables that the worker alone keeps; the API reads some. */
const OF_WORKER = ['threat_activity', 'threat_predictions', 'threat_accuracies', 'threat_models'];
const SHOWN = ['threat_predictions', 'threat_accuracies'];
const NIL = `'00000000-0000-0000-0000-000000000000'::uuid`;

export async function up(knex: Knex): Promise<void> {
  const { api, door, relay, worker } = rolesOf(knex);
  const secured = (table: string, ...roles: [name: string, role: string][]) => `
    alter table ${table} enable row level security, force row level security;
    ${roles.map(([name, role]) => `create policy ${name}_all on ${table} to ${role} using (true) with check (true);`).join('\n')}`;
  await knex.raw(`
    -- Tokens with a bad signature, by address and minute.
    create table threat_bad_signatures (
      minute timestamptz(3) not null,
      address text collate "C" not null,
      -- The keyed hash of its network, as login_places have it.
      network text collate "C" not null,
      count integer not null check (count > 0),
      primary key (minute, address),
      constraint ck_bad_signature_bounded check (length(address) <= 60 and length(network) = 32)
    );
    create index threat_bad_signatures_of_network on threat_bad_signatures (network, minute);
    grant select, insert, update (count) on threat_bad_signatures to ${door};
    grant select, delete on threat_bad_signatures to ${worker};
    ${secured('threat_bad_signatures', ['door', door], ['worker', worker])}

    -- Of a minute the first 2,000 addresses, so that nobody fills the table.
    create function note_bad_signatures(seen jsonb) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      insert into public.threat_bad_signatures as b (minute, address, network, count)
      select n.minute, n.address, n.network, n.count
      from (
        select date_trunc('minute', clock_timestamp() - s.age_ms * interval '1 millisecond') as minute, s.address,
          min(s.network) as network, sum(s.count)::integer as count
        from jsonb_to_recordset(seen) as s (address text, network text, count integer, age_ms float8)
        group by 1, 2
      ) n
      where exists (select from public.threat_bad_signatures k where k.minute = n.minute and k.address = n.address)
        or (select count(*) from (select from public.threat_bad_signatures k where k.minute = n.minute limit 2000) k) < 2000
      order by n.minute, n.address
      on conflict (minute, address) do update set count = least(b.count::bigint + excluded.count, 1000000000)::integer;
    end $$;
    grant create on schema public to ${door};
    alter function note_bad_signatures owner to ${door};
    revoke create on schema public from ${door};
    revoke execute on function note_bad_signatures from public;
    grant execute on function note_bad_signatures to ${door}, ${relay};

    -- How far the inbox was counted.
    create table threat_mark (
      one boolean primary key default true check (one),
      after uuid not null default ${NIL}
    );
    insert into threat_mark default values;
    grant select, update on threat_mark to ${worker};

    -- How many commands of a noun a person sent within an hour.
    create table threat_activity (
      institution_id uuid not null,
      user_id uuid not null,
      slot timestamptz(3) not null,
      noun text collate "C" not null,
      count integer not null,
      primary key (institution_id, user_id, slot, noun)
    );
    create index threat_activity_by_age on threat_activity (slot);

    create table threat_predictions (
      id uuid primary key,
      -- Null of what was found by an address alone.
      institution_id uuid,
      type text not null,
      found_by text not null,
      subject_kind text not null,
      -- A user, an address, or a route.
      subject text collate "C" not null,
      confidence smallint not null,
      evidence json not null,
      status text not null default 'pending',
      predicted_at timestamptz(3) not null default clock_timestamp(),
      seen_at timestamptz(3) not null default clock_timestamp(),
      decided_at timestamptz(3),
      decided_by uuid,
      constraint ck_threat_type check (type in
        ('brute_force_attack', 'privilege_escalation', 'account_compromise', 'automated_attack', 'suspicious_activity')),
      constraint ck_threat_found_by check (found_by in ('features', 'brute_force', 'privilege_escalation', 'coordinated')),
      constraint ck_threat_subject check (subject_kind in ('user', 'address', 'route') and length(subject) <= 200),
      constraint ck_threat_status check (status in ('pending', 'confirmed', 'false_positive', 'prevented')),
      constraint ck_threat_decided check ((status = 'pending') = (decided_at is null) and (status = 'pending') = (decided_by is null))
    );
    create unique index uq_threat_pending on threat_predictions
      (coalesce(institution_id, ${NIL}), found_by, subject_kind, subject) where status = 'pending';
    create index threat_predictions_of_subject on threat_predictions (subject, found_by, decided_at);
    create index threat_predictions_of_institution on threat_predictions (institution_id, predicted_at, id);
    create index threat_predictions_in_order on threat_predictions (predicted_at, id);
    create index threat_predictions_decided on threat_predictions (institution_id, decided_at) where status <> 'pending';
    grant select (id, institution_id, status), update (status, decided_at, decided_by) on threat_predictions to ${door};

    -- As it was reckoned last; of the nil id that of all institutions together.
    create table threat_accuracies (
      institution_id uuid primary key,
      reckoned_at timestamptz(3) not null,
      resolved integer not null,
      correct integer not null
    );

    create table threat_models (
      institution_id uuid primary key,
      trained_at timestamptz(3) not null,
      labels integer not null,
      -- By a feature's name: how much more, or less, its indicators weigh here.
      shifts json not null
    );
    ${OF_WORKER.map(
      (table) => `
    grant select, insert, update, delete on ${table} to ${worker};
    ${secured(table, ['worker', worker])}`,
    ).join('')}
    create policy door_all on threat_predictions to ${door} using (true) with check (true);
    ${SHOWN.map(
      (table) => `
    grant select on ${table} to ${api};
    create policy api_in_scope on ${table} for select to ${api} using (
      case when institution_id is null then current_setting('plearoll.role', true) = 'super_admin'
        else is_of_institution(institution_id) and current_setting('plearoll.role', true) in ('admin', 'super_admin') end);`,
    ).join('')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function note_bad_signatures;
    drop table ${[...OF_WORKER, 'threat_mark', 'threat_bad_signatures'].join(', ')};
  `);
}
