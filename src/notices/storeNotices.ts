/**
 * Storing notices: once for each audience and key, however often they are told; none of a kind that its person has switched
 * off; and of each audience the newest few hundred.
 */
import { newCommandId as newId } from '../core/chain/ids.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { type Audience, audienceName, MOST_KEPT, type NoticeKind } from './notice.ts';
import { isQuiet } from './preferences.ts';

export interface NewNotice {
  to: Audience;
  kind: NoticeKind;
  /** What it is about: told twice it is one. */
  key: string;
  text: string;
}

/** One that was not there before. */
export interface StoredNotice {
  id: string;
  to: Audience;
  kind: NoticeKind;
  text: string;
  created_at: string;
  /** It is not to be pushed now. */
  is_quiet: boolean;
}

const LONGEST = 500;

const STORE = {
  name: 'store-notices',
  text: `
    with wanted as (
      select * from json_to_recordset($1) as w (id uuid, audience text, user_id uuid, kind text, key text, text text)
    ), preferred as (
      select w.*, p.quiet_from, p.quiet_to, coalesce(i.time_zone, 'UTC') as time_zone
      from wanted w left join notice_preferences p on p.user_id = w.user_id
      left join institution_settings i on i.id = p.institution_id
      where p.user_id is null or case w.kind when 'start' then p.start when 'ruling' then p.ruling
        when 'result' then p.result when 'room' then p.room when 'device' then p.device else true end
    ), stored as (
      insert into notices (id, audience, kind, key, text)
      select id, audience, kind, key, text from preferred order by audience, key
      on conflict (audience, key) do nothing returning id, created_at
    )
    select s.id, s.created_at, p.quiet_from, p.quiet_to, p.time_zone
    from stored s join preferred p on p.id = s.id`,
};

const TRIM = {
  name: 'trim-notices',
  text: `
    with surplus as (
      select old.id from unnest($1::text[]) as a (name) cross join lateral (
        select n.id from notices n where n.audience = a.name
        order by n.created_at desc, n.id desc offset ${MOST_KEPT} limit 100) old
    ), reads as (delete from notice_reads where notice_id in (select id from surplus))
    delete from notices where id in (select id from surplus)`,
};

interface Row {
  id: string;
  created_at: string;
  quiet_from: number | null;
  quiet_to: number | null;
  time_zone: string;
}

/** @param db of role `worker` @returns those that are new */
export async function storeNotices(db: Queryable, notices: readonly NewNotice[]): Promise<StoredNotice[]> {
  if (notices.length === 0) return [];
  const byId = new Map(notices.map((notice) => [newId(), notice]));
  const rows = [...byId].map(([id, { to, kind, key, text }]) => ({
    ...{ id, audience: audienceName(to), user_id: 'user_id' in to ? to.user_id : null },
    ...{ kind, key, text: text.slice(0, LONGEST) },
  }));
  const { rows: stored } = await db.query<Row>({ ...STORE, values: [JSON.stringify(rows)] });
  if (stored.length === 0) return [];
  await db.query({ ...TRIM, values: [[...new Set(rows.map(({ audience }) => audience))]] });
  return stored.map((row) => {
    const { to, kind, text } = byId.get(row.id)!;
    return {
      id: row.id,
      to,
      kind,
      text: text.slice(0, LONGEST),
      created_at: row.created_at,
      is_quiet: isQuietNow(row),
    };
  });
}

function isQuietNow({ quiet_from: from, quiet_to: to, time_zone, created_at }: Row): boolean {
  return from !== null && to !== null && isQuiet({ from, to }, time_zone, new Date(created_at));
}
