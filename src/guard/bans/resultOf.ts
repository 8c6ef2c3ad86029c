/** The ban after a command of an admin, as its answer shows it: whom it names is read while it is answered, and never stored. */
import type { Applied } from '../../core/definitions/command.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Bans } from './ban.ts';

export function resultOf({ states, events }: Applied<{ guard: Bans }>) {
  const { ban_id } = events[0]!.payload as { ban_id: string };
  const ban = states.guard.open.find(({ id }) => id === ban_id);
  return { id: ban_id, key: null, address: null, until: ban?.until ?? null, lifted: ban === undefined };
}

interface Named {
  ban_id?: string | undefined;
  key?: string | undefined;
  address?: string | undefined;
}

const SUBJECT = 'select subject, value from guard_bans where id = $1';

/** Read as the admin. */
export async function readSubject(db: Queryable, { ban_id, key = undefined, address = undefined }: Named) {
  if (ban_id === undefined) return { key: key ?? null, address: address ?? null };
  const values = [ban_id];
  const { rows } = await db.query<{ subject: 'key' | 'address'; value: string | null }>(SUBJECT, values);
  const [ban] = rows;
  return { key: null, address: null, ...(ban && { [ban.subject]: ban.value }) };
}
