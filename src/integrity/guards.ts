/**
 * What makes the database itself refuse changes to the record, and keep tenants apart: constraints, triggers, row-level
 * security and the functions behind them. Verification does not rest on them, but where one is gone or altered
 * somebody has made room for tampering.
 */
import type { Queryable } from '../core/queryable.ts';
import { verifyRowSecurity } from './rowSecurity.ts';

/** Bits of pg_trigger.tgtype. */
const [ROW, BEFORE, INSERT, DELETE, UPDATE, TRUNCATE] = [1, 2, 4, 8, 16, 32] as const;

/** Tables whose rows belong to a session and are frozen with it. */
const OF_SESSION = [
  'session_participations',
  'session_turns',
  'objections',
  'procedural_violations',
  'exhibits',
] as const;

/** [trigger, table, function, what it fires on], all of them enabled ALWAYS. */
const TRIGGERS: readonly (readonly [string, string, string, number])[] = [
  ['events_are_immutable', 'events', 'refuse_change', ROW + BEFORE + DELETE + UPDATE],
  ['events_stay', 'events', 'refuse_change', BEFORE + TRUNCATE],
  ['payloads_are_immutable', 'event_payloads', 'refuse_change', ROW + BEFORE + UPDATE],
  ['payloads_stay', 'event_payloads', 'refuse_change', BEFORE + TRUNCATE],
  ['payloads_are_erased_openly', 'event_payloads', 'refuse_unerased_delete', ROW + BEFORE + DELETE],
  ['streams_stay', 'streams', 'refuse_change', ROW + BEFORE + DELETE],
  ['streams_are_not_emptied', 'streams', 'refuse_change', BEFORE + TRUNCATE],
  ['courtroom_sessions_are_frozen', 'courtroom_sessions', 'refuse_change_of_completed', ROW + BEFORE + DELETE + UPDATE],
  ['courtroom_sessions_stay', 'courtroom_sessions', 'refuse_change', BEFORE + TRUNCATE],
  ['session_recordings_are_immutable', 'session_recordings', 'refuse_change', ROW + BEFORE + DELETE + UPDATE],
  ['session_recordings_stay', 'session_recordings', 'refuse_change', BEFORE + TRUNCATE],
  ...OF_SESSION.flatMap(
    (table) =>
      [
        [`${table}_are_frozen`, table, 'refuse_change_after_completion', ROW + BEFORE + INSERT + DELETE + UPDATE],
        [`${table}_stay`, table, 'refuse_change', BEFORE + TRUNCATE],
      ] as const,
  ),
];

/** [constraint, table] */
const CONSTRAINTS = [
  ['ck_event_hash', 'events'],
  ['ck_event_genesis', 'events'],
  ['ck_event_stream', 'events'],
  ['uq_event_sequence', 'events'],
  ['uq_event_previous', 'events'],
  ['uq_event_id', 'events'],
  ['fk_payload_event', 'event_payloads'],
] as const;

/** The text of ck_event_hash without spaces and parentheses, which differ between versions of Postgres. */
const HASH_CHECK =
  `CHECKevent_hash=sha256'\\x00'::bytea||convert_toevent_envelopestream,sequence,event_id,event_type,actor_id,` +
  `occurred_at,payload_commitment,previous_hash,'UTF8'::name`;

/** SHA-256 of the functions' bodies as the migrations wrote them. A migration that rewrites one changes this too. */
const FUNCTIONS = {
  event_envelope: '99de298a5315c44a617ae6ba248e085fcfbbb9512704ccfa3c107656a9ad0169',
  refuse_change: '729576849e1d8bc1755be23ec1ed7f612cc75184e4175cb1f7e99cc98044bb72',
  refuse_change_after_completion: 'eabd6a44bd66745712c6f46559016773788e4e27fd1acbe695565a9bac17eda4',
  refuse_change_of_completed: '436188824c2bbe0bdfa385506230f297c8383806475f510f2081fc3a5c694ba5',
  refuse_unerased_delete: '34207ff38ebce822cad29b6b5d3c4790364d421be21d4870f160c124cc11cec8',
  is_open: '17f893f72e875edcfb14759949633b988728e60009b543c5f1e1983423f93c00',
  has_seat: 'a73c8c53cedfde20643252a1cd8a265f1949792f266deb6d3bea73d968864567',
  is_own_command: 'dab30ec8766e1e80147fc0f70b1dfdb8973dcb1361e3b205c9f8628fcfa4f332',
  session_of: 'f64142845613c19c27dd15d920438241b6e12cb66e68cdc24a45f011769baefc',
} as const;

/** Findings about the guards, in fixed order; none when all stand as the migrations set them. */
export async function verifyGuards(db: Queryable): Promise<string[]> {
  return [
    ...(await constraintIssues(db)),
    ...(await triggerIssues(db)),
    ...(await functionIssues(db)),
    ...(await verifyRowSecurity(db)),
  ];
}

async function constraintIssues(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string; is_valid: boolean; text: string }>(
    `select conname || ' of ' || conrelid::regclass as name, convalidated as is_valid,
       regexp_replace(pg_get_constraintdef(oid), '[\\s()]|public\\.', '', 'g') as text
     from pg_constraint where conrelid in ('public.events'::regclass, 'public.event_payloads'::regclass)`,
  );
  return CONSTRAINTS.flatMap(([constraint, table]) => {
    const name = `${constraint} of ${table}`;
    const found = rows.find((row) => row.name === name);
    if (!found) return [`Guard missing: constraint ${name}`];
    if (!found.is_valid) return [`Guard disabled: constraint ${name}`];
    const isChanged = constraint === 'ck_event_hash' && found.text !== HASH_CHECK;
    return isChanged ? [`Guard changed: constraint ${name}`] : [];
  });
}

async function triggerIssues(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string; is_always: boolean; shape: string }>(
    `select t.tgname || ' of ' || c.relname as name, t.tgenabled = 'A' as is_always,
       p.proname || ' ' || t.tgtype
         || case when t.tgqual is null and t.tgattr::text = '' then '' else ' sometimes' end as shape
     from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
     where not t.tgisinternal and c.relnamespace = 'public'::regnamespace and p.pronamespace = c.relnamespace`,
  );
  return TRIGGERS.flatMap(([trigger, table, fn, type]) => {
    const name = `${trigger} of ${table}`;
    const found = rows.find((row) => row.name === name);
    if (!found) return [`Guard missing: trigger ${name}`];
    if (!found.is_always) return [`Guard disabled: trigger ${name}`];
    return found.shape === `${fn} ${type}` ? [] : [`Guard changed: trigger ${name}`];
  });
}

async function functionIssues(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string; hash: string }>(
    `select proname as name, encode(sha256(convert_to(prosrc, 'UTF8')), 'hex') as hash
     from pg_proc where pronamespace = 'public'::regnamespace`,
  );
  return Object.entries(FUNCTIONS).flatMap(([name, hash]) => {
    const found = rows.filter((row) => row.name === name);
    if (found.length === 0) return [`Guard missing: function ${name}`];
    return found.some((row) => row.hash !== hash) ? [`Guard changed: function ${name}`] : [];
  });
}
