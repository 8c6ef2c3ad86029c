/**
 * What a table's definition says is what the migrations make of it: its columns, who sees which of its rows, when they
 * freeze. The description of the database is the one that verification compares with.
 */
import { describe, expect, test } from 'vitest';
import type { Table } from '../../src/core/definitions/table.ts';
import { EXPECTED } from '../../src/integrity/guards/verifyGuards.ts';
import { catalog, commands } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import { projected, tables } from '../../src/tables.ts';
import { described, doorColumns, RECORD, TABLES } from '../support/tables.ts';

/** Tables that no noun keeps. */
const OF_THE_MACHINE = [
  ...[
    ...RECORD,
    'commands',
    'inbox_mark',
    'audit_mark',
    'audit_archive',
    'audit_refusals',
    'stream_backoffs',
    'stream_states',
    'presence_judged',
  ],
  'lapsed_payloads',
  ...['matches', 'match_state', 'match_events', 'match_disputes'],
  ...['session_checks', 'findings', 'integrity_runs'],
  ...['feed_states', 'feed_runs', 'feed_mappings', 'feed_people', 'feed_conflicts'],
  ...['feed_invites', 'match_results'],
  ...['notices', 'notice_reads', 'notice_preferences', 'follows'],
  ...['logins', 'login_places', 'login_locations', 'login_ends', 'step_ups', 'privacy_erasures'],
  ...['telemetry_consents', 'telemetry_batches', 'telemetry_models', 'telemetry_risks'],
  ...['policy_decisions', 'policy_outcomes'],
  ...['threat_bad_signatures', 'threat_mark', 'threat_activity'],
  ...['threat_predictions', 'threat_accuracies', 'threat_models'],
  ...['leases', 'schedules', 'schedule_ticks', 'health_reports'],
  ...['installation', 'ticket_secrets', 'contact_details', 'knex_migrations', 'knex_migrations_lock'],
  ...['log_queue', 'log_state', 'log_leaves', 'log_tiles', 'log_held', 'log_checkpoints'],
  ...['log_keys', 'log_cosignatures', 'log_sinks', 'log_evidence'],
];

const names = (kind: string, table: string) =>
  described(kind)
    .filter((one) => one.table === table)
    .map(({ name }) => name);
const is = (key: string) => EXPECTED.find((one) => one.key === key)?.is;

test('every table of the database is defined by a noun, once, or belongs to the machine', () => {
  const all = EXPECTED.filter(({ kind }) => kind === 'table').map(({ key }) => key.slice('table '.length));
  expect([...TABLES, ...OF_THE_MACHINE].sort()).toEqual(all.sort());
});

test('every kind of stream that a table names exists, and has a seal where rows freeze with it', () => {
  for (const { stream } of projected) expect(catalog.kinds.has(stream), stream).toBe(true);
  const frozen = tables.flatMap(({ frozen_with }) => frozen_with ?? []);
  expect(frozen.map((kind) => catalog.events.get(catalog.kinds.get(kind)!.seal!.event)?.stream.kind)).toEqual(frozen);
});

test('no two tables are found by the same field', () => {
  const fields = tables.flatMap(({ found_by }) => found_by ?? []);
  expect(fields).toEqual([...new Set(fields)]);
});

test('what a command or a query looks for within its stream are the rows of tables that are found by a field', () => {
  const anyInput = new Proxy({}, { get: (_, field) => String(field) });
  const found = [...commands, ...queries].flatMap(({ target }) => target(anyInput)?.parts ?? []);
  const findable = tables.filter(({ found_by }) => found_by !== undefined);
  expect(new Set(found.map(({ table }) => table.name))).toEqual(new Set(findable.map(({ name }) => name)));
});

describe.each(tables)('$name', (table) => {
  const { name, primary_key, visible } = table;

  test('has the columns and the primary key that it names', () => {
    const { outside, owner } = table;
    const named = [...primary_key, owner, ...outside, ...doorColumns(table), ...(isWith(visible) ? [visible.by] : [])];
    expect(names('column', name)).toEqual(expect.arrayContaining(named));
    expect(is(`constraint ${name}_pkey of ${name}`)?.definition).toBe(`PRIMARY KEY (${primary_key.join(', ')})`);
  });

  test('is read by whom it says, in rows that it says', () => {
    expect(is(`row security of ${name}`)).toEqual({ enabled: true, forced: true });
    const policies = ['relay_all', 'verifier_all', 'worker_all'];
    if (visible !== 'to_nobody') policies.push('api_in_scope');
    if (doorColumns(table).length > 0) policies.push('door_all');
    expect(names('policy', name)).toEqual(policies.sort());
    if (visible !== 'to_nobody') expect(is(`policy api_in_scope of ${name}`)).toMatchObject(apiPolicy(table));
    if (isWith(visible)) expect(TABLES).toContain(visible.with);
  });

  test('freezes when it says', () => {
    expect(names('trigger', name).map((trigger) => is(`trigger ${trigger} of ${name}`)?.definition)).toEqual(
      triggers(table),
    );
  });
});

function isWith(visible: Table['visible']): visible is Exclude<Table['visible'], string> {
  return typeof visible === 'object';
}

/** A row is seen by its own facts of scope, or by whom the row that it goes with is seen. */
function apiPolicy({ name, visible }: Table) {
  const own = /^\(is_open\(institution_id, visibility\) OR has_seat\(\w+\)\)$/;
  // A role that sees all may be asked for first, which the planner reckons with.
  const all = String.raw`\( SELECT \(current_setting\('plearoll\.role'::text, true\) = 'super_admin'::text\)\)`;
  const ofInstitution = new RegExp(String.raw`^(is_of_institution\(\w+\)|\(${all} OR is_of_institution\(\w+\)\))$`);
  if (visible === 'to_institution') return { using: expect.stringMatching(ofInstitution), command: 'r' };
  if (!isWith(visible)) return { using: expect.stringMatching(own), command: 'r' };
  const like = `\\( SELECT true\\s+FROM ${visible.with} (\\w)\\s+WHERE \\(\\1\\.id = ${name}\\.${visible.by}\\)\\)`;
  return { using: expect.stringMatching(new RegExp(`^${like}$`)), command: 'r' };
}

/** What goes with a row that changes. */
const FOLLOWED: { [table: string]: string } = {
  contact_cards:
    'CREATE TRIGGER contact_cards_replace_details AFTER UPDATE ON contact_cards FOR EACH ROW WHEN ((new.details_id <> old.details_id)) EXECUTE FUNCTION remove_replaced_details()',
};

/** In order of their names. A sealed stream's own row is refused by what it says, those beside it by that row. */
function triggers({ name, frozen_with, append_only, loses_texts, owner, primary_key }: Table): string[] {
  const trigger = (suffix: string, when: string, each: string, refuse: string) =>
    `CREATE TRIGGER ${name}_${suffix} BEFORE ${when} ON ${name} FOR EACH ${each} EXECUTE FUNCTION ${refuse}()`;
  const isOwn = primary_key.join() === owner;
  const frozen = isOwn
    ? trigger('are_frozen', 'DELETE OR UPDATE', 'ROW', 'refuse_change_of_completed')
    : trigger('are_frozen', 'INSERT OR DELETE OR UPDATE', 'ROW', 'refuse_change_after_completion');
  const stay = trigger('stay', 'TRUNCATE', 'STATEMENT', 'refuse_change');
  const refuse = loses_texts ? 'refuse_change_but_erasure' : 'refuse_change';
  if (append_only) return [trigger('are_immutable', 'DELETE OR UPDATE', 'ROW', refuse), stay];
  if (frozen_with !== null) return [frozen, stay];
  return name in FOLLOWED ? [FOLLOWED[name]!] : [];
}
