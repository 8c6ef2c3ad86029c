/** A notice was read by a person: for the admins of an institution each of them reads for himself. */
import type { Actor } from '../core/definitions/actor.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { audiencesOf, KEPT_DAYS, type NoticeItem } from './notice.ts';

const MARK = `
  insert into notice_reads (notice_id, user_id)
  select id, $2 from notices
  where id = $1 and audience = any($3) and created_at > clock_timestamp() - interval '${KEPT_DAYS} days'
  on conflict do nothing`;

/** Once; a second time changes nothing. @param db of role `door` */
export async function markRead(db: Queryable, id: string, actor: Actor): Promise<void> {
  await db.query({ name: 'mark-notice-read', text: MARK, values: [id, actor.id, audiencesOf(actor)] });
}

const ONE = `
  select n.id, n.kind, n.text, n.created_at, r.read_at
  from notices n join notice_reads r on r.notice_id = n.id and r.user_id = $2
  where n.id = $1 and n.audience = any($3)`;

/** One that this person has read. @param db in the person's scope */
export async function findRead(db: Queryable, id: string, actor: Actor): Promise<NoticeItem | undefined> {
  const values = [id, actor.id, audiencesOf(actor)];
  return (await db.query<NoticeItem>({ name: 'find-read-notice', text: ONE, values })).rows[0];
}
