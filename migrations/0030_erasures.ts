/**
 * Erasures: which payloads were erased, by which event, and what of each is left for the tables to be folded from. Rows
 * that are frozen, or never change, lose their texts where the erasure of their stream stands in the same transaction;
 * so do commands that are final. Nothing else of them changes.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

/** An update that only takes texts away, in the transaction that records the erasure of a payload of one of these streams. */
const isErasure = (streams: string) => `
      tg_op = 'UPDATE' and exists (
        select from public.erasures x where x.stream = any(${streams}) and x.xmin = pg_current_xact_id()::xid
      ) and not exists (
        select from jsonb_each(to_jsonb(new)) as n (name, held) join jsonb_each(to_jsonb(old)) as o (name, held) using (name)
        where n.held is distinct from o.held and n.held not in ('null', '""')
      )`;

const ofCompleted = (erasure: string) => `
    create or replace function refuse_change_of_completed() returns trigger language plpgsql as $$
    begin
      if old.status = 'completed'${erasure && ` and not (${erasure})`} then
        raise exception '% of % is refused: the session is completed', lower(tg_op), tg_table_name
          using errcode = 'integrity_constraint_violation';
      end if;
      return coalesce(new, old);
    end $$;`;

const afterCompletion = (erasure: string) => `
    create or replace function refuse_change_after_completion() returns trigger language plpgsql as $$
    begin
      if exists (
        select from public.courtroom_sessions s
        where s.id in (old.session_id, new.session_id) and s.status = 'completed'
          and s.xmin <> pg_current_xact_id()::xid
      )${erasure && ` and not (${erasure})`} then
        raise exception '% of % is refused: the session is completed', lower(tg_op), tg_table_name
          using errcode = 'integrity_constraint_violation';
      end if;
      return coalesce(new, old);
    end $$;`;

const outcomeChange = (erasure: string) => `
    create or replace function refuse_outcome_change() returns trigger language plpgsql as $$
    begin${erasure}
      raise exception 'the outcome of command % is final', old.id using errcode = 'integrity_constraint_violation';
    end $$;`;

/** Of an outcome everything stays but its result: what the chain says of the command, and why it was refused. */
const BLANKED = `
      if exists (
        select from public.erasures x where x.stream = any(old.streams) and x.xmin = pg_current_xact_id()::xid
      ) and to_jsonb(new) - '{input,fingerprint,last_error,outcome}'::text[]
        = to_jsonb(old) - '{input,fingerprint,last_error,outcome}'::text[]
        and (new.input::text = old.input::text or new.input::text = '{}')
        and new.outcome::jsonb - 'result' = old.outcome::jsonb - 'result'
        and coalesce(new.fingerprint, old.fingerprint) is not distinct from old.fingerprint
        and coalesce(new.last_error, old.last_error) is not distinct from old.last_error then
        return new;
      end if;`;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table erasures (
      stream text collate "C" not null,
      sequence integer not null,
      payload_commitment char(64) not null,
      reason text not null,
      -- Null where no state and no row follows from the payload.
      remains json,
      erased_by text not null,
      erased_at timestamptz(3) not null,
      assignment_id uuid not null references assignments (id) on delete restrict,
      -- Of the erasing event, in the assignment's stream.
      recorded_sequence integer not null,
      primary key (stream, sequence),
      constraint uq_erasure_event unique (assignment_id, recorded_sequence),
      constraint ck_erasure_reason_valid check (reason in ('personal_data', 'court_order', 'mistake', 'retention'))
    );
    create trigger erasures_are_immutable before update or delete on erasures
      for each row execute function refuse_change();
    alter table erasures enable always trigger erasures_are_immutable;
    create trigger erasures_stay before truncate on erasures
      for each statement execute function refuse_change();
    alter table erasures enable always trigger erasures_stay;

    grant select on erasures to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert on erasures to ${roles.worker};
    alter table erasures enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on erasures to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on erasures for select to ${roles.api}
      using ((select true from assignments a where a.id = assignment_id));

    ${ofCompleted(isErasure(`array['session:' || old.id]`))}
    ${afterCompletion(isErasure(`array['session:' || old.session_id]`))}
    ${outcomeChange(BLANKED)}
    create function refuse_change_but_erasure() returns trigger language plpgsql as $$
    begin
      if ${isErasure(`array['assignment:' || old.assignment_id]`)} then
        return new;
      end if;
      raise exception '% of % is refused: the record is append-only', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
    end $$;
    drop trigger session_recordings_are_immutable on session_recordings;
    create trigger session_recordings_are_immutable before update or delete on session_recordings
      for each row execute function refuse_change_but_erasure();
    alter table session_recordings enable always trigger session_recordings_are_immutable;
    grant update on session_recordings to ${roles.worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    drop trigger session_recordings_are_immutable on session_recordings;
    create trigger session_recordings_are_immutable before update or delete on session_recordings
      for each row execute function refuse_change();
    alter table session_recordings enable always trigger session_recordings_are_immutable;
    revoke update on session_recordings from ${roles.worker};
    drop function refuse_change_but_erasure;
    ${outcomeChange('')}
    ${ofCompleted('')}
    ${afterCompletion('')}
    drop table erasures;
  `);
}
