/**
 * Corrections, a projection like rulings, frozen with their session; and turns that are void, which hold no place in the
 * order and are continued by nothing.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    alter table session_turns
      drop constraint ck_turn_state_valid,
      drop constraint ck_turn_started,
      drop constraint uq_turn_order,
      drop constraint uq_turn_continues,
      add constraint ck_turn_state_valid check (state in ('planned', 'active', 'ended', 'waived', 'voided')),
      add constraint ck_turn_started check (state = 'voided'
        or (state in ('active', 'ended')) = (started_at is not null and speaker_id is not null)),
      -- Judged at the end of the transaction: what is void gives its place up, in no fixed order, to what replaces it.
      add constraint uq_turn_order exclude (session_id with =, order_index with =) where (state <> 'voided')
        deferrable initially deferred,
      add constraint uq_turn_continues exclude (continues with =) where (state <> 'voided')
        deferrable initially deferred;
    create index session_turns_in_order on session_turns (session_id, order_index, id);

    create table corrections (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      subject text not null,
      subject_id uuid not null,
      former_state text not null,
      former_ruling varchar(500),
      former_ruled_by text,
      former_ruled_at timestamptz(3),
      state text not null,
      ruling varchar(500),
      reason varchar(500) not null,
      replaced_by uuid,
      corrected_by text not null,
      corrected_at timestamptz(3) not null,
      constraint ck_correction_subject_valid check (subject in ('turn', 'objection', 'exhibit')),
      constraint ck_correction_replaced check ((subject = 'turn') = (replaced_by is not null))
    );
    create index corrections_in_order on corrections (session_id, corrected_at, id);

    create trigger corrections_are_frozen before insert or update or delete on corrections
      for each row execute function refuse_change_after_completion();
    alter table corrections enable always trigger corrections_are_frozen;
    create trigger corrections_stay before truncate on corrections
      for each statement execute function refuse_change();
    alter table corrections enable always trigger corrections_stay;

    grant select on corrections to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on corrections to ${roles.worker};
    alter table corrections enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on corrections to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on corrections for select to ${roles.api}
      using ((select true from courtroom_sessions s where s.id = session_id));
  `);
}

/** Turns that are void stay, as what was recorded does: no check looks at them, and the keys go on leaving them out. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table corrections;
    drop index session_turns_in_order;
    alter table session_turns
      drop constraint ck_turn_state_valid,
      drop constraint ck_turn_started,
      add constraint ck_turn_state_valid check (state in ('planned', 'active', 'ended', 'waived')) not valid,
      add constraint ck_turn_started
        check ((state in ('active', 'ended')) = (started_at is not null and speaker_id is not null)) not valid;
  `);
}
