/**
 * Refusals that the doors have counted become entries when their minute is over, and every door has stored its part: one for
 * each person, route, code and minute. A part that comes later, as Postgres was away, is an entry of its own.
 */
import { acceptCommands, type Submission } from '../../src/core/apply/inbox.ts';
import { groupBy } from '../../src/core/groupBy.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { AT_ONCE, type AuditTools, ring, submissionsFor } from './followInbox.ts';

/** A minute, and for every door a second to store what it has counted. */
const OVER = `minute < clock_timestamp() - interval '61 seconds'`;

const WAITS = `exists (select from audit_refusals where ${OVER})`;

/** Two workers take different ones. */
export const TAKE = `
  delete from audit_refusals where (minute, owner, user_id, role, route, code) in (
    select minute, owner, user_id, role, route, code from audit_refusals where ${OVER}
    order by minute, owner, user_id, role, route, code limit ${AT_ONCE} for update skip locked)
  returning minute, owner, user_id, role, route, code, count`;

interface Refusal {
  minute: string;
  owner: string;
  user_id: string;
  role: string;
  route: string;
  code: string;
  count: number;
}

export function takeRefusals(tools: AuditTools): OverdueWork {
  async function poll(isClosing = () => false): Promise<void> {
    while ((await takeOnce(tools)) === AT_ONCE && !isClosing());
  }

  return { name: 'refusals', waits: WAITS, poll };
}

/** @returns how many were taken */
export async function takeOnce({ pool, queues, log }: AuditTools): Promise<number> {
  const { taken, sent } = await inTransaction(pool, take);
  if (sent.length > 0) await ring(queues, sent).catch((err) => log.debug({ err }, 'ringing doorbell failed'));
  return taken;
}

async function take(db: Queryable): Promise<{ taken: number; sent: Submission[] }> {
  const { rows } = await db.query<Refusal>(TAKE);
  const sent = [...groupBy(rows, ({ owner }) => owner)].flatMap(([owner, those]) =>
    submissionsFor(owner, those.map(entryOf)),
  );
  if (sent.length > 0) await acceptCommands(db, sent);
  return { taken: rows.length, sent };
}

function entryOf({ minute, user_id, role, route, code, count }: Refusal) {
  return {
    ...{ type: 'access_deny' as const, user_id, role, action: route, outcome: 'refused' as const, code },
    ...{ command_id: null, subject: null, count, happened_at: minute },
  };
}
