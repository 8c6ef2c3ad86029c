/**
 * The courtroom: turns, objections and procedural violations, all projections. A completed session is frozen: nothing of
 * it changes any more, except by the transaction that completes it.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const NEW = ['session_turns', 'objections', 'procedural_violations'];
const OF_SESSION = ['session_participations', ...NEW];
const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    -- The name of a template, or a format of their own, which is text where this was taken back before.
    alter table assignments alter column format type json
      using case when format like '{%' then format::json else to_json(format) end;
    alter table courtroom_sessions add column "format" json;

    create table session_turns (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      order_index integer not null,
      side text not null,
      kind text not null,
      allotted_ms integer not null,
      min_ms integer not null,
      protected_ms integer not null,
      objections boolean not null,
      continues uuid references session_turns (id) on delete restrict,
      state text not null,
      speaker_id uuid,
      speaker_name text,
      started_at timestamptz(3),
      extension_ms integer not null,
      paused_ms bigint not null,
      paused_since timestamptz(3),
      paused_by text[] not null,
      deadline timestamptz(3),
      expired_at timestamptz(3),
      questions integer not null,
      question_since timestamptz(3),
      ended_at timestamptz(3),
      used_ms bigint,
      overtime_ms bigint,
      constraint uq_turn_order unique (session_id, order_index),
      constraint uq_turn_continues unique (continues),
      -- A partial unique key that is judged at the end of the transaction: a batch may end one turn and start the next.
      constraint uq_turn_active exclude (session_id with =) where (state = 'active') deferrable initially deferred,
      constraint ck_turn_side_valid check (side in ('petitioner', 'respondent')),
      constraint ck_turn_kind_valid check (kind in
        ('opening', 'argument', 'rebuttal', 'sur_rebuttal', 'examination', 'closing')),
      constraint ck_turn_state_valid check (state in ('planned', 'active', 'ended', 'waived')),
      constraint ck_turn_times check (allotted_ms >= 0 and extension_ms >= 0 and paused_ms >= 0 and used_ms >= 0
        and overtime_ms >= 0 and ended_at >= started_at),
      constraint ck_turn_started check ((state in ('active', 'ended')) = (started_at is not null and speaker_id is not null)),
      constraint ck_turn_ended check ((state = 'ended') = (ended_at is not null and used_ms is not null)),
      constraint ck_turn_paused check ((paused_since is not null) = (paused_by <> '{}')),
      constraint ck_turn_deadline check ((deadline is not null) = (state = 'active' and paused_by = '{}'))
    );
    create index session_turns_due on session_turns (deadline, id) where deadline is not null and expired_at is null;

    create table objections (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      turn_id uuid not null references session_turns (id) on delete restrict,
      ground text not null,
      reason varchar(500),
      side text,
      raised_by text not null,
      raised_at timestamptz(3) not null,
      state text not null,
      ruling varchar(500),
      reserved_at timestamptz(3),
      ruled_by text,
      ruled_at timestamptz(3),
      withdrawn_at timestamptz(3),
      constraint uq_objection_pending exclude (turn_id with =) where (state = 'pending') deferrable initially deferred,
      constraint ck_objection_side_valid check (side in ('petitioner', 'respondent')),
      constraint ck_objection_state_valid check (state in
        ('pending', 'sustained', 'overruled', 'reserved', 'withdrawn', 'unruled')),
      constraint ck_objection_ruled check (
        (state in ('sustained', 'overruled')) = (ruled_at is not null and ruled_by is not null)),
      constraint ck_objection_withdrawn check ((state = 'withdrawn') = (withdrawn_at is not null))
    );
    create index objections_in_order on objections (session_id, raised_at, id);

    create table procedural_violations (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      user_id uuid not null,
      turn_id uuid references session_turns (id) on delete restrict,
      kind varchar(50) not null,
      description varchar(500) not null,
      recorded_by text not null,
      recorded_at timestamptz(3) not null
    );
    create index procedural_violations_in_order on procedural_violations (session_id, recorded_at, id);

    create function refuse_change_of_completed() returns trigger language plpgsql as $$
    begin
      if old.status = 'completed' then
        raise exception '% of % is refused: the session is completed', lower(tg_op), tg_table_name
          using errcode = 'integrity_constraint_violation';
      end if;
      return coalesce(new, old);
    end $$;

    -- Statements of one batch have no fixed order: what completes a session may write its rows before or after.
    create function refuse_change_after_completion() returns trigger language plpgsql as $$
    begin
      if exists (
        select from public.courtroom_sessions s
        where s.id in (old.session_id, new.session_id) and s.status = 'completed'
          and s.xmin <> pg_current_xact_id()::xid
      ) then
        raise exception '% of % is refused: the session is completed', lower(tg_op), tg_table_name
          using errcode = 'integrity_constraint_violation';
      end if;
      return coalesce(new, old);
    end $$;

    create trigger courtroom_sessions_are_frozen before update or delete on courtroom_sessions
      for each row execute function refuse_change_of_completed();
    alter table courtroom_sessions enable always trigger courtroom_sessions_are_frozen;
    create trigger courtroom_sessions_stay before truncate on courtroom_sessions
      for each statement execute function refuse_change();
    alter table courtroom_sessions enable always trigger courtroom_sessions_stay;
    ${OF_SESSION.map(
      (table) => `
    create trigger ${table}_are_frozen before insert or update or delete on ${table}
      for each row execute function refuse_change_after_completion();
    alter table ${table} enable always trigger ${table}_are_frozen;
    create trigger ${table}_stay before truncate on ${table}
      for each statement execute function refuse_change();
    alter table ${table} enable always trigger ${table}_stay;`,
    ).join('')}

    grant select on session_turns, objections, procedural_violations
      to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on session_turns, objections, procedural_violations to ${roles.worker};
    grant select (id, session_id) on session_turns, objections to ${roles.door};
    ${NEW.map(
      (table) => `
    alter table ${table} enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on ${table} to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on ${table} for select to ${roles.api}
      using ((select true from courtroom_sessions s where s.id = session_id));`,
    ).join('')}
    create policy door_all on session_turns to ${roles.door} using (true) with check (true);
    create policy door_all on objections to ${roles.door} using (true) with check (true);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table procedural_violations;
    drop table objections;
    drop table session_turns;
    drop trigger session_participations_are_frozen on session_participations;
    drop trigger session_participations_stay on session_participations;
    drop trigger courtroom_sessions_are_frozen on courtroom_sessions;
    drop trigger courtroom_sessions_stay on courtroom_sessions;
    drop function refuse_change_after_completion;
    drop function refuse_change_of_completed;
    alter table courtroom_sessions drop column format;
    alter table assignments alter column format type text using format #>> '{}';
  `);
}
