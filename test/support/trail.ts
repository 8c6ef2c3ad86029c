/** Waits until what is in the inbox is on the audit trail, where it belongs there. */
import type pg from 'pg';
import { MAY_BE_AUDITED } from '../../jobs/audit/audited.ts';
import { until } from './processes.ts';

const LEFT = `
  select (select count(*) from commands where ${MAY_BE_AUDITED} and position > (select position from audit_mark where one))
    + (select cardinality(waiting) from audit_mark where one)
    + (select count(*) from commands where name = 'audit.record' and status = 'accepted') as left`;

export async function untilAudited(pool: pg.Pool): Promise<void> {
  await until('the audit trail', async () => Number((await pool.query(LEFT)).rows[0].left) === 0);
}
