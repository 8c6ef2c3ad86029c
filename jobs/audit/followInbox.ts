/**
 * The audit trail follows the inbox: a worker reads which commands have come to an end since the mark, and sends what they
 * were as entries, in one transaction with the mark. A number of the inbox may be committed late: the mark passes only what
 * was drawn before transactions that have all ended. What has no outcome yet is kept in mind, and holds up nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Entry, MOST_ENTRIES, recordEntries } from '../../src/audit/recordEntries.ts';
import { acceptCommands, type Submission } from '../../src/core/apply/inbox.ts';
import { systemSubmission } from '../../src/core/apply/systemSubmission.ts';
import { groupBy } from '../../src/core/groupBy.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { doorbellEntryFor, doorbellFor, type Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { drawnAndEnded } from '../upkeep/moveMark.ts';
import { MAY_BE_AUDITED, typeOf } from './audited.ts';

/** Commands in one pass. */
export const AT_ONCE = 500;
const AGAIN_AFTER_MS = 400;

export interface AuditTools {
  /** Role `worker`. */
  pool: pg.Pool;
  queues: Queues;
  /** Whose trail has what is of no institution. */
  installation: string;
  log: Log;
}

const WAITS = `
  exists (select from commands where ${MAY_BE_AUDITED} and position > (select position from audit_mark where one))
  or exists (select from audit_mark where one and waiting <> '{}'
    and looked_at not between clock_timestamp() - interval '${AGAIN_AFTER_MS} milliseconds' and clock_timestamp())`;

/** One worker at a time; nobody waits for it. */
const CLAIM = 'select position, waiting::float8[] from audit_mark where one for update skip locked';

const COLUMNS = `position, id, name, stream, actor_id, actor_role, status, finished_at,
  coalesce(institution_id, actor_institution_id) as institution_id,
  case when status in ('rejected', 'dead') then outcome::json #>> '{problem,code}' end as code`;

export const NEW = `
  select ${COLUMNS} from commands where ${MAY_BE_AUDITED} and position > $1 and position < $2
  order by position limit ${AT_ONCE}`;

export const WAITED_FOR = `select ${COLUMNS} from commands where ${MAY_BE_AUDITED} and position = any($1)`;

interface Sent {
  position: number;
  id: string;
  name: string;
  stream: string;
  actor_id: string;
  actor_role: string;
  institution_id: string | null;
  status: string;
  finished_at: string | null;
  code: string | null;
}

export function followInbox(tools: AuditTools): OverdueWork {
  async function poll(isClosing = () => false): Promise<void> {
    for (;;) {
      const started = performance.now();
      if ((await followOnce(tools)) < AT_ONCE || isClosing()) return;
      // What is far behind is many passes: commands get the other half of the time.
      await sleep(performance.now() - started);
    }
  }

  return { name: 'audit', waits: WAITS, poll };
}

/** One pass. @returns how many commands it has read that it did not know */
export async function followOnce(tools: AuditTools): Promise<number> {
  const { pool, queues, log } = tools;
  const end = await drawnAndEnded(pool as never);
  if (end === undefined) return 0;
  const { read, sent } = await inTransaction(pool, (db) => follow(db, tools, end));
  if (sent.length > 0) await ring(queues, sent).catch((err) => log.debug({ err }, 'ringing doorbell failed'));
  return read;
}

async function follow(db: Queryable, { installation }: AuditTools, end: number) {
  const { rows: marks } = await db.query<{ position: number; waiting: number[] }>(CLAIM);
  const [mark] = marks;
  if (!mark) return { read: 0, sent: [] };
  const { rows: waited } = await db.query<Sent>(WAITED_FOR, [mark.waiting]);
  const waiting = waited.filter(isUnfinished);
  const { rows } = await db.query<Sent>(NEW, [mark.position, end]);
  // So many are kept in mind; where it is more, those behind them wait.
  const room = AT_ONCE - waiting.length;
  const first = rows.filter(isUnfinished)[room];
  const passed = first ? rows.filter(({ position }) => position < first.position) : rows;
  const ended = [...waited, ...passed].filter((one) => !isUnfinished(one));
  const sent = submissionsOf(ended, installation);
  if (sent.length > 0) await acceptCommands(db, sent);
  await db.query('update audit_mark set position = $1, waiting = $2, looked_at = clock_timestamp() where one', [
    passed.at(-1)?.position ?? mark.position,
    [...waiting, ...passed.filter(isUnfinished)].map((one) => one.position),
  ]);
  return { read: passed.length, sent };
}

const isUnfinished = ({ status }: Sent) => status === 'accepted';

function submissionsOf(ended: readonly Sent[], installation: string): Submission[] {
  const audited = ended.flatMap((one) => {
    const type = typeOf(one);
    return type === undefined ? [] : [{ owner: one.institution_id ?? installation, entry: entryOf(type, one) }];
  });
  return [...groupBy(audited, ({ owner }) => owner)].flatMap(([owner, those]) =>
    submissionsFor(
      owner,
      those.map(({ entry }) => entry),
    ),
  );
}

/** @param owner an institution, or the installation */
export function submissionsFor(owner: string, entries: readonly Entry[]): Submission[] {
  const count = Math.ceil(entries.length / MOST_ENTRIES);
  return Array.from({ length: count }, (_, i) => {
    const input = { owner, entries: entries.slice(i * MOST_ENTRIES, (i + 1) * MOST_ENTRIES) };
    const streams = recordEntries.streams({ id: '', input }, null as never);
    return systemSubmission({ name: recordEntries.name, streams, input, institution_id: owner });
  });
}

function entryOf(type: Entry['type'], { id, name, stream, status, code, ...sent }: Sent): Entry {
  return {
    ...{ type, user_id: sent.actor_id, role: sent.actor_role, action: name },
    ...{ outcome: status as Entry['outcome'], code, command_id: id, subject: stream, count: 1 },
    happened_at: sent.finished_at!,
  };
}

export async function ring(queues: Queues, sent: readonly Submission[]): Promise<void> {
  const { queue, options } = doorbellFor('apart');
  for (const submission of sent) {
    const commands = [doorbellEntryFor(submission)];
    await queues.queue(queue).add(submission.name, { commands }, { jobId: submission.id, ...options });
  }
}
