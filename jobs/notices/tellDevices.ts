/**
 * People are told of a device that was not seen of them before, where another one is known: of the first there is nothing to
 * tell it from. Each device of a login session is looked at once, in one transaction with what is stored of it.
 */
import type pg from 'pg';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Publish } from '../../src/infra/console/tellConsole.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { type NewNotice, storeNotices } from '../../src/notices/storeNotices.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { pushNotices } from './notify.ts';

const AT_ONCE = 500;

const WAITS = `exists (select from login_places where kind = 'device' and not is_told)`;

/** Two workers take different ones. Logins and devices of one person are few (src/infra/loginRecorder.ts). */
export const TAKE = {
  name: 'take-devices-to-tell',
  text: `
    with taken as materialized (
      select login_id, mark, first_seen from login_places where kind = 'device' and not is_told
      order by first_seen limit ${AT_ONCE} for update skip locked
    ), told as (
      update login_places p set is_told = true from taken t
      where p.login_id = t.login_id and p.kind = 'device' and p.mark = t.mark
    )
    select t.mark, l.user_id,
      exists (select from logins k join login_places o on o.login_id = k.id and o.kind = 'device'
        where k.user_id = l.user_id and o.mark <> t.mark and o.first_seen < t.first_seen)
      and not exists (select from login_places o join logins k on k.id = o.login_id
        where o.kind = 'device' and o.mark = t.mark and o.first_seen < t.first_seen and k.user_id = l.user_id) as is_new
    from taken t join logins l on l.id = t.login_id`,
};

interface Taken {
  mark: string;
  user_id: string;
  is_new: boolean;
}

/** @param pool of role `worker`; not the pool that applies commands */
export function tellDevices(pool: pg.Pool, publish: Publish): OverdueWork {
  async function poll(isClosing = () => false): Promise<void> {
    while ((await tellOnce(pool, publish)) === AT_ONCE && !isClosing());
  }

  return { name: 'devices', waits: WAITS, poll };
}

/** @returns how many devices were looked at */
export async function tellOnce(pool: pg.Pool, publish: Publish): Promise<number> {
  const { count, stored } = await inTransaction(pool, async (db: Queryable) => {
    const { rows } = await db.query<Taken>(TAKE);
    return { count: rows.length, stored: await storeNotices(db, rows.filter(({ is_new }) => is_new).map(noticeOf)) };
  });
  await pushNotices(publish, stored);
  return count;
}

function noticeOf({ user_id, mark }: Taken): NewNotice {
  const text =
    'Your account was used on a device that was not seen before. If that was not you, end its login session.';
  return { to: { user_id }, kind: 'device', key: `device ${mark}`, text };
}
