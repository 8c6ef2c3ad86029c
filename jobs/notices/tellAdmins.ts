/** Admins are told of what goes wrong by itself: findings to those of the institution and of the installation, failed jobs to the latter. */
import { isUuid } from '../../src/core/chain/ids.ts';
import { idOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Publish } from '../../src/infra/console/tellConsole.ts';
import type { NewNotice } from '../../src/notices/storeNotices.ts';
import { notify } from './notify.ts';

const OWNER = `
  select institution_id from assignments where id = $1
  union all select institution_id from courtroom_sessions where id = $1 limit 1`;

interface Finding {
  id: string;
  /** Null where it is of the database. */
  stream: string | null;
  issue_count: number;
}

/** @param db of role `worker` */
export async function tellOfFinding(db: Queryable, publish: Publish, finding: Finding): Promise<void> {
  const { id, stream, issue_count } = finding;
  const where = stream === null ? 'the database' : stream;
  const text = `tamper_detected: ${where} does not verify, with ${issue_count} issues. Look at GET /ops/findings.`;
  const notice = { kind: 'notice', key: `finding ${id}`, text } as const;
  const owner = stream === null ? null : await ownerOf(db, stream);
  const audiences: NewNotice['to'][] = [{ admins: null }, ...(owner === null ? [] : [{ admins: owner }])];
  await notify(
    db,
    publish,
    audiences.map((to) => ({ to, ...notice })),
  );
}

async function ownerOf(db: Queryable, stream: string): Promise<string | null> {
  if (!isUuid(idOf(stream))) return null;
  const { rows } = await db.query<{ institution_id: string }>(OWNER, [idOf(stream)]);
  return rows[0]?.institution_id ?? null;
}

/** Once for each slot. */
export async function tellOfFailedJob(
  db: Queryable,
  publish: Publish,
  { name, slot }: { name: string; slot: string },
): Promise<void> {
  const text = `The job ${name}, due at ${slot}, failed. GET /ops/schedules and the workers' logs say why.`;
  await notify(db, publish, [{ to: { admins: null }, kind: 'notice', key: `job ${name} ${slot}`, text }]);
}
