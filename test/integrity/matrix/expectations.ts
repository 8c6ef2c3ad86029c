/**
 * What finds a change of one cell, table by table: the matrix of docs/threat-model.md. A table that stands nowhere here, and is no
 * projection of the chain, fails the test that loops over all of them.
 */
import type { RunFinding } from '../../../src/integrity/runs/findingOf.ts';
import { projected } from '../../../src/tables.ts';
import type { Row } from './attacker.ts';

/** The checks of which one finds it, in a run of everything; null where no verification does, for the reason that stands beside it. */
type Found = readonly string[] | null;

/** By column, or by the change of a row; what is not named is found by `otherwise`. */
interface Expected {
  [column: string]: Found;
  otherwise: Found;
}

/** The neighbour's payload comes where two places are exchanged, or none does. */
const PAYLOAD_GONE = ['payload_missing', 'hash'];
/** A row that is there twice deceives nobody while the two are one; that the key lets it in is found. */
const TWICE = ['guard'];

export const MATRIX: { [table: string]: Expected } = {
  events: { stream: ['leaf'], sequence: ['leaf'], delete: ['leaf'], duplicate: ['sequence'], otherwise: ['hash'] },
  event_payloads: {
    ...{ stream: PAYLOAD_GONE, sequence: PAYLOAD_GONE, delete: ['payload_missing'], duplicate: TWICE },
    otherwise: ['hash'],
  },
  // Without it nothing says that the payload went as it should.
  lapsed_payloads: { duplicate: TWICE, otherwise: ['payload_missing'] },
  // A stream that waits for a retry says until when: no event does.
  streams: { held_until: null, duplicate: TWICE, otherwise: ['head'] },
  // What a command asked for, and of what it came to the result, only its moment knew; most are gone after a week.
  commands: { id: ['command'], status: ['command'], outcome: ['command'], duplicate: TWICE, otherwise: null },
  log_leaves: { otherwise: ['leaf'] },
  log_tiles: { duplicate: TWICE, otherwise: ['leaf'] },
  // Of the key that signed what is stored. Its name, and since when, say nothing that a signature rests on.
  log_keys: { vkey: ['checkpoint'], use: ['checkpoint'], delete: ['checkpoint'], duplicate: TWICE, otherwise: null },
  // One that is gone is missed by nobody here: sinks and witnesses have it. When the signer was at it no note says.
  log_checkpoints: { created_at: null, delete: null, duplicate: TWICE, otherwise: ['checkpoint'] },
  ...Object.fromEntries(projected.map(({ name, outside }) => [name, ofProjection(outside)])),
};

function ofProjection(outside: readonly string[]): Expected {
  return { ...Object.fromEntries(outside.map((column) => [column, null])), otherwise: ['state'] };
}

/** Tables of which nothing is claimed, and why a change of them deceives no verification. */
export const OUTSIDE: { [table: string]: string } = {
  log_queue: 'names streams that may have grown: the sweep finds what it does not name',
  log_state: 'how far the sequencer is: the signer demands at least what it has signed',
  log_held: 'streams held back: the sweep tries them again',
  log_cosignatures: 'each verifies with its witness’s own key, or does not',
  log_sinks: 'how far receivers are: what is sent twice is the same',
  log_evidence: 'two notes, each signed: they prove themselves, or nothing',
  session_checks: 'when a session was looked at last',
  findings: 'what was found, for operators: the next look finds it anew',
  integrity_runs: 'verdicts, signed as they were stored',
  inbox_mark: 'how far the inbox is settled',
  audit_refusals: 'what doors refused, on its way to the audit trail',
  audit_archive: 'which checkpoints are listed no more: they stay',
  audit_mark: 'how far the inbox was audited',
  stream_backoffs: 'streams that wait for a retry',
  stream_states: 'copies, each under a seal that no database can make',
  presence_judged: 'when presence was looked at last',
  leases: 'who leads',
  schedules: 'when jobs are due',
  schedule_ticks: 'which jobs ran',
  health_reports: 'how processes fared',
  installation: 'its name and the secret of its tickets',
  revocations: 'tokens that are refused: no event says so',
  ticket_secrets: 'what tickets are made with, and is renewed',
  gallery_visits: 'how often galleries were read: no event says so',
  contact_details: 'what cards say: a card whose words differ from its commitment is not revealed',
  telemetry_consents: 'who agreed to telemetry: no event says so, as it can be taken out whole',
  telemetry_batches: 'how people typed and pointed: the same',
  telemetry_models: 'what was reckoned from it: the same',
  telemetry_risks: 'what was reckoned from it: the same',
  threat_bad_signatures: 'tokens that were refused, by address: no event says so, and a day later they are gone',
  threat_mark: 'how far the inbox was counted',
  threat_activity: 'how much people sent, in counts, for eight days',
  threat_predictions: 'what may be a threat, for admins, for 30 days: it is found anew',
  threat_accuracies: 'how often it was one: reckoned anew each day',
  threat_models: 'how much features weigh: reckoned anew each week',
  feed_states: 'when sites were read last',
  feed_runs: 'what admins asked of sites: matches are made by commands',
  feed_mappings: 'which match a debate of a site became, as it was brought in last',
  feed_people: 'which user a person of a site is: a link is an event as well',
  feed_conflicts: 'fields that both sides changed: settling one is an event as well',
  matches: 'what boards show: rooms and sites are read again',
  match_state: 'what boards show now: rooms and sites are read again',
  match_events: 'what boards were told, for 90 days',
  match_disputes: 'sites that disagree, for a week',
  policy_decisions: 'what was asked of policies, in counts, for 30 days',
  policy_outcomes: 'what policies said of it, in counts, for 30 days',
  feed_invites: 'links that are good once: to invite is an event as well',
  match_results: 'results on their way to a site: what came of them is an event as well',
  logins: 'who signed in: no event says so, and a day later it is gone',
  login_ends: 'which sign-ins were ended: their tokens are refused by revocations',
  login_places: 'where from: no event says so',
  step_ups: 'of whom a sign-in was asked once more: no event says so, and a day later it is gone',
  notices: 'what people are told: what it tells of is on record',
  notice_reads: 'which of it they have read: no event says so',
  notice_preferences: 'what they want to be told of: no event says so',
  follows: 'what they follow: no event says so',
  login_locations: 'in which neighbourhood: no event says so',
  privacy_erasures: 'what people asked to be forgotten: it is forgotten by then',
  session_observations: 'who watches: no event moves for them',
  knex_migrations: 'compared with what the migrations make of the database',
  knex_migrations_lock: 'held while migrating',
};

/** @param what the column, or what is done to the row */
export function foundBy(table: string, what: string, change: string, { values }: Row): Found {
  const expected = MATRIX[table]!;
  const found = what in expected ? expected[what]! : expected.otherwise;
  // What has no id or no size is gone, as what was removed.
  if (change === 'null' && `${table}.${what}` === 'commands.id') return null;
  if (change === 'null' && `${table}.${what}` === 'log_checkpoints.size') return null;
  const isHeadKey = table === 'log_keys' && values.use === 'head';
  return isHeadKey && change !== 'swap' && what !== 'duplicate' ? null : found;
}

/** Does the finding speak of the place that was changed? @param index of the leaf, where the row has one */
export function isAt(table: string, row: Row, index: number | null, finding: RunFinding): boolean {
  const { values } = row;
  const { check, stream, event_sequence } = finding;
  const said = `${finding.got} ${finding.expected}`;
  if (check === 'guard') return said.includes(` of ${table} `);
  if (check === 'leaf') return finding.index === index;
  // The last digit is what another bit is turned in.
  if (check === 'command') return said.includes(String(values.id).slice(0, -1));
  if (check === 'checkpoint') return table === 'log_keys' || new RegExp(`size ${values.size}\\b`).test(said);
  if (stream !== streamOf(table, row)) return false;
  if (check === 'head') return true;
  return check === 'state' ? said.includes(`${table} ${keyOf(table, row)}: `) : event_sequence === values.sequence;
}

function keyOf(table: string, { values }: Row): string {
  const { primary_key = [] } = projected.find(({ name }) => name === table) ?? {};
  return primary_key.map((column) => values[column]).join(' ');
}

/** The stream whose verification finds it; null where none does. */
export function streamOf(table: string, { values }: Row): string | null {
  const of = projected.find(({ name }) => name === table);
  if (of) return `${of.stream}:${values[of.owner]}`;
  return ['events', 'event_payloads', 'lapsed_payloads', 'streams'].includes(table) ? String(values.stream) : null;
}
