/** Reading login sessions, the newest first: the own ones, and of an admin those of the institution. */
import { z } from 'zod';
import { type Actor, ROLES } from '../core/definitions/actor.ts';
import { pageOf, pageQuery } from '../core/definitions/page.ts';
import { defineQuery } from '../core/definitions/query.ts';
import { id, instant } from '../core/definitions/schemas.ts';
import { groupBy } from '../core/groupBy.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { loginList } from './login.ts';

interface Row {
  id: string;
  user_id: string;
  first_seen: string;
  last_seen: string;
}

interface Place {
  login_id: string;
  kind: 'device' | 'network';
  id: string;
  first_seen: string;
  last_seen: string;
}

const PLACES = {
  name: 'read-login-places',
  text: `
    select login_id, kind, mark as id, first_seen, last_seen from login_places
    where login_id = any($1::uuid[]) order by login_id, kind, first_seen, mark`,
};

/** Beside row security, so that an index leads to them. */
function ownOf({ id: user_id, role, institution_id }: Actor): [text: string, value: string | null] {
  if (role === 'super_admin') return ['$4::uuid is null', null];
  return role === 'admin' ? ['institution_id = $4', institution_id] : ['user_id = $4', user_id];
}

async function placesOf(db: Queryable, logins: readonly Row[]): Promise<Map<string, Place[]>> {
  const ids = logins.map(({ id }) => id);
  const { rows } = await db.query<Place>({ ...PLACES, values: [ids] });
  return groupBy(rows, ({ login_id }) => login_id);
}

export const readLogins = defineQuery({
  name: 'login.list',
  route: 'GET /auth/sessions',
  summary: 'Login sessions: your own, and of an admin those of the institution, the newest first',
  roles: ROLES,
  query: z.strictObject({ ...pageQuery([instant, id]), user_id: id.optional() }),
  target: () => null,
  answer: loginList,
  async read({ db, actor, query }) {
    const [time = null, last = null] = query.cursor ?? [];
    const [own, value] = ownOf(actor);
    const { rows } = await db.query<Row>(
      `select id, user_id, first_seen, last_seen from logins
       where ${own} and ($1::timestamptz is null or (first_seen, id) < ($1, $2::uuid)) and ($5::uuid is null or user_id = $5)
         and not exists (select from login_ends e where e.login_id = logins.id and e.ended_at is not null)
       order by first_seen desc, id desc limit $3`,
      [time, last, query.limit + 1, value, query.user_id ?? null],
    );
    const places = await placesOf(db, rows);
    const shown = (login_id: string, which: Place['kind']) =>
      (places.get(login_id) ?? [])
        .filter(({ kind }) => kind === which)
        .map(({ id, first_seen, last_seen }) => ({ id, first_seen, last_seen }));
    return pageOf(
      rows,
      query,
      ({ first_seen, last_seen, ...row }) => ({
        ...row,
        ...{ devices: shown(row.id, 'device'), networks: shown(row.id, 'network') },
        ...{ first_seen, last_seen, current: row.id === actor.login?.id },
      }),
      ({ first_seen, id }) => [first_seen, id],
    );
  },
});
