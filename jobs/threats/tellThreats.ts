/**
 * Admins are told of threats that are sure enough: those of the institution, or of the installation where it is of none. Of
 * each once, and in one notice of all that a run has found, which names the surest: nobody fills an inbox by being suspected.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { quietly, tellConsole } from '../../src/infra/console/tellConsole.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { storeNotices } from '../../src/notices/storeNotices.ts';
import { TOLD_FROM } from '../../src/threats/rules.ts';
import { ownerIn } from '../../src/threats/storeThreats.ts';
import type { Found } from '../../src/threats/threat.ts';
import type { JobTools } from '../job.ts';
import { pushNotices } from '../notices/notify.ts';

/** As an index has it: migrations/0115_untold_threats.ts. */
const UNTOLD = `p.status = 'pending' and p.told_at is null and p.confidence >= ${TOLD_FROM}`;

/** All of one owner. */
export const TAKE = {
  name: 'take-untold-threats',
  text: `
    with whose as materialized (
      select ${ownerIn('p')} as owner from threat_predictions p where ${UNTOLD} order by ${ownerIn('p')} limit 1
    ), told as (
      update threat_predictions p set told_at = clock_timestamp()
      where ${UNTOLD} and ${ownerIn('p')} = (select owner from whose)
      returning id, institution_id, type, subject_kind, subject, confidence, told_at
    )
    select *, (count(*) over ())::integer as count from told order by confidence desc, id limit 1`,
};

/** The surest, and how many there are. */
type Surest = Pick<Found, 'institution_id' | 'type' | 'subject_kind' | 'subject' | 'confidence'> & {
  id: string;
  told_at: string;
  count: number;
};

/** @returns of how many threats */
export async function tellThreats(tools: Pick<JobTools, 'pool' | 'broadcast' | 'isOver'>): Promise<number> {
  let told = 0;
  while (!tools.isOver()) {
    const count = await tellOwner(tools);
    if (count === 0) break;
    told += count;
  }
  return told;
}

async function tellOwner({ pool, broadcast }: Pick<JobTools, 'pool' | 'broadcast'>): Promise<number> {
  const { surest, stored } = await inTransaction(pool, async (db: Queryable) => {
    const { rows } = await db.query<Surest>(TAKE);
    return { surest: rows[0], stored: await storeNotices(db, rows.map(noticeOf)) };
  });
  if (!surest) return 0;
  const publish = quietly(broadcast);
  await pushNotices(publish, stored);
  const { id, type: threat, subject_kind, subject, confidence, institution_id: admins, count } = surest;
  const body = { id, threat, subject_kind, subject, confidence };
  await tellConsole(publish, { event: 'threat_alert', to: { admins }, body });
  return count;
}

// Its key is of this telling: a threat that was told before takes no others along with its notice.
function noticeOf({ id, told_at, type, subject_kind, subject, confidence, institution_id: admins, count }: Surest) {
  const which = `${type} by the ${subject_kind} ${subject}, confidence ${confidence} of 100`;
  const what = count === 1 ? which : `${count} threats, the surest of them ${which}`;
  const text = `threat_alert: ${what}. Look at GET /threats, and say what it was.`;
  return { to: { admins }, kind: 'notice', key: `threat ${id} ${told_at}`, text } as const;
}
