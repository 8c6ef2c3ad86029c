/**
 * What a backup holds: every table of ours, so that a new one cannot be forgotten. Left out are knex's own, which
 * migrating writes, BullMQ's, which only carry, and secrets: a backup that is read by a stranger opens nothing, and tells
 * nobody how to reach a person. What was taken out of contact cards comes back with no restore.
 */
import type pg from 'pg';

/**
 * Secrets, of which migrating makes new ones, copies of what is in the record, which nobody misses, what contact cards
 * say, which their people write again, what is read again of rooms and of tournaments' sites, and what is done once: a link
 * that was used, or a result that was sent, is not to be so again after a restore. People who signed in are seen again. Of
 * telemetry a backup holds nothing: what was erased comes back with no restore, and who agreed before it is asked again.
 * Threats are found anew, from the inbox as it is then.
 */
export const LEFT_OUT = [
  ...['ticket_secrets', 'stream_states', 'contact_details'],
  ...['matches', 'match_state', 'match_events', 'match_disputes'],
  ...['feed_invites', 'match_results'],
  ...['logins', 'login_places', 'login_locations', 'login_ends', 'step_ups', 'privacy_erasures'],
  ...['telemetry_consents', 'telemetry_batches', 'telemetry_models', 'telemetry_risks'],
  ...['threat_bad_signatures', 'threat_activity', 'threat_predictions', 'threat_accuracies', 'threat_models'],
  'threat_mark',
];

export interface Table {
  name: string;
  columns: string[];
}

/** In an order in which rows can be stored: what is referred to comes first. */
export async function readTables(client: pg.Client): Promise<Table[]> {
  const { rows: tables } = await client.query<Table>(
    `
    select c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname not like 'knex\\_migrations%'
      and c.relname <> all($1)
    group by c.relname order by c.relname`,
    [LEFT_OUT],
  );
  const { rows: references } = await client.query<{ from: string; to: string }>(`
    select distinct r.relname::text as "from", t.relname::text as "to" from pg_constraint k
    join pg_class r on r.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and k.conrelid <> k.confrelid and k.connamespace = 'public'::regnamespace`);
  return inOrder(tables, references);
}

function inOrder(tables: Table[], references: { from: string; to: string }[]): Table[] {
  const ordered: Table[] = [];
  let rest = tables;
  while (rest.length > 0) {
    const waits = ({ name }: Table) =>
      references.some(({ from, to }) => from === name && rest.some((other) => other.name === to));
    const ready = rest.filter((table) => !waits(table));
    if (ready.length === 0) throw new Error(`tables refer to each other: ${rest.map(({ name }) => name).join(', ')}`);
    ordered.push(...ready);
    rest = rest.filter(waits);
  }
  return ordered;
}

/** Makes what a numbered column gives next follow what it has given. */
export async function restoreSequences(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(`
    select c.relname as table, a.attname as column, s.name as sequence
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join lateral pg_get_serial_sequence(format('public.%I', c.relname), a.attname) as s (name)
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname not like 'knex\\_migrations%'
      and s.name is not null`);
  for (const { table, column, sequence } of rows) {
    const [from, number] = [table, column].map((name) => client.escapeIdentifier(name));
    await client.query(`select setval($1, coalesce(max(${number}), 0) + 1, false) from public.${from}`, [sequence]);
  }
  // Numbers of the inbox may be given again that the mark of the backup says were settled.
  const { rows: marks } = await client.query(`select where to_regclass('public.inbox_mark') is not null`);
  if (marks.length > 0)
    await client.query(`update public.inbox_mark set low_water = 0, stuck = '{}', stuck_from = '{}'`);
  // And what is given again below the mark of the audit trail would be on none.
  const { rows: audited } = await client.query(`select where to_regclass('public.audit_mark') is not null`);
  if (audited.length > 0)
    await client.query(`update public.audit_mark
      set position = least(position, (select coalesce(max(position), 0) from public.commands))`);
}

/** `public.table (columns)`, as COPY wants them. */
export function copied(client: pg.Client, { name, columns }: Table): string {
  const list = columns.map((column) => client.escapeIdentifier(column)).join(', ');
  return `public.${client.escapeIdentifier(name)} (${list})`;
}
