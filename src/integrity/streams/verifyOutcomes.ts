/**
 * What commands are said to have come to, compared with the events that bear their ids. Replays and `GET /api/command`
 * answer from the outcome, so one that says otherwise than the chain deceives its reader. The newest are compared:
 * most are kept for seven days only, and a bound keeps the cost of it beside that of the record itself.
 */
import type { Queryable } from '../../core/sql/queryable.ts';

export interface OutcomeReport {
  commands_checked: number;
  issues: string[];
}

interface Checked {
  id: string;
  status: string;
  /** Null where there is none, or where it is longer than any outcome. */
  outcome: string | null;
  is_too_long: boolean;
  /** The events that bear its id, in the order in which they were recorded. */
  events: OfChain[];
}

interface OfChain {
  stream: string;
  event_sequence: number;
  event_type: string;
  event_hash: string;
}

const MAX_COMMANDS = 100_000;
const PAGE = 1_000;
const MAX_ISSUES = 500;
const MAX_OUTCOME_BYTES = 4 * 1_024 * 1_024;
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** One statement, and so one snapshot: a command that is being applied has neither or both. Ordered, so that the key is used. */
const NEWEST = `
  select c.id, c.status, c.is_too_long, case when not c.is_too_long then c.outcome end as outcome, e.events
  from (
    select id, status, outcome, octet_length(outcome) > ${MAX_OUTCOME_BYTES} is true as is_too_long
    from public.commands where id < $1 order by id desc limit ${PAGE}
  ) c cross join lateral (
    select coalesce(json_agg(json_build_object('stream', o.stream, 'event_sequence', o.sequence,
      'event_type', o.event_type, 'event_hash', encode(o.event_hash, 'hex'))), '[]') as events
    from (
      select * from public.events
      where event_id > c.id and event_id <= (left(c.id::text, 32) || 'ffff')::uuid
      order by event_id limit 65535
    ) o
  ) e
  order by c.id desc`;

export async function verifyOutcomes(db: Queryable): Promise<OutcomeReport> {
  const report: OutcomeReport = { commands_checked: 0, issues: [] };
  let before = LAST_ID;
  while (report.commands_checked < MAX_COMMANDS && report.issues.length <= MAX_ISSUES) {
    const { rows } = await db.query<Checked>(NEWEST, [before]);
    report.commands_checked += rows.length;
    for (const command of rows) {
      const fault = faultOf(command);
      if (fault) report.issues.push(`Outcome mismatch of command ${command.id}: ${fault}`);
    }
    if (rows.length < PAGE) break;
    before = rows.at(-1)!.id;
  }
  if (report.issues.length > MAX_ISSUES) report.issues.splice(MAX_ISSUES, Infinity, '... and more, not looked for');
  return report;
}

function faultOf({ status, outcome, is_too_long, events }: Checked): string | undefined {
  const has = `the chain has ${events.length} events of it`;
  if (status !== 'applied' && events.length > 0) return `it is ${status}, yet ${has}`;
  if (status === 'accepted') return undefined;
  const said = is_too_long ? undefined : readOutcome(outcome);
  if (!said) return 'it cannot be read';
  if (status !== 'applied') return 'problem' in said ? undefined : `it is ${status}, and says no reason`;
  if (!Array.isArray(said.events)) return `it names no events, and ${has}`;
  if (said.events.length !== events.length) return `it names ${said.events.length} events, and ${has}`;
  const expected = answerOf(events);
  const differs = Object.keys(expected).find((key) => JSON.stringify(said[key]) !== JSON.stringify(expected[key]));
  return differs && `${differs} is ${shown(said[differs])}, the chain says ${shown(expected[differs])}`;
}

function readOutcome(text: string | null): { [key: string]: unknown } | undefined {
  try {
    const said = JSON.parse(text ?? '');
    return typeof said === 'object' && said !== null ? said : undefined;
  } catch {
    return undefined;
  }
}

/** What an applied command answers of its events; which of a thousand fields of its result is true, only its moment knew. */
function answerOf(events: OfChain[]): { [key: string]: unknown } {
  const stream = events[0]?.stream ?? null;
  const own = events.filter((event) => event.stream === stream);
  return {
    stream,
    sequence_from: own[0]?.event_sequence ?? null,
    sequence_to: own.at(-1)?.event_sequence ?? null,
    events: events.map(({ event_sequence, event_type, event_hash }) => ({ event_sequence, event_type, event_hash })),
  };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
