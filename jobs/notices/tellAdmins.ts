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

/** What is told to admins as such. */
export interface ForAdmins {
  /** Of these institutions; null: those of the installation. */
  of: readonly (string | null)[];
  /** What it is about: told twice it is one. */
  key: string;
  text: string;
}

/** @param db of role `worker`. @returns how many notices were new */
export function tellAdmins(db: Queryable, publish: Publish, { of, key, text }: ForAdmins): Promise<number> {
  const notices: NewNotice[] = of.map((admins) => ({ to: { admins }, kind: 'notice', key, text }));
  return notify(db, publish, notices);
}

/** @param db of role `worker` */
export async function tellOfFinding(db: Queryable, publish: Publish, finding: Finding): Promise<void> {
  const { id, stream, issue_count } = finding;
  const where = stream === null ? 'the database' : stream;
  const text = `tamper_detected: ${where} does not verify, with ${issue_count} issues. Look at GET /ops/findings.`;
  const owner = stream === null ? null : await ownerOf(db, stream);
  const of = owner === null ? [null] : [null, owner];
  await tellAdmins(db, publish, { of, key: `finding ${id}`, text });
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
  await tellAdmins(db, publish, { of: [null], key: `job ${name} ${slot}`, text });
}
