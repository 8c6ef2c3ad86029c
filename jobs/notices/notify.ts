/** Stores notices, and pushes those that are new and not quiet to the consoles of whom they are for. */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { type Publish, tellConsole } from '../../src/infra/console/tellConsole.ts';
import { type NewNotice, type StoredNotice, storeNotices } from '../../src/notices/storeNotices.ts';

/** @param db of role `worker`. @returns how many were new */
export async function notify(db: Queryable, publish: Publish, notices: readonly NewNotice[]): Promise<number> {
  const stored = await storeNotices(db, notices);
  await pushNotices(publish, stored);
  return stored.length;
}

/** To be called when they are committed. */
export async function pushNotices(publish: Publish, stored: readonly StoredNotice[]): Promise<void> {
  await Promise.all(stored.filter(({ is_quiet }) => !is_quiet).map((notice) => push(publish, notice)));
}

function push(publish: Publish, { to, is_quiet: _, ...notice }: StoredNotice): Promise<void> {
  const event = 'user_id' in to ? 'notification' : 'admin_notification';
  return tellConsole(publish, { event, to, body: { ...notice, read_at: null } });
}
