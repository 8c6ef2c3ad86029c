/** Commands in the inbox that no process has sent, to look at how they are found: no worker runs where these are used. */
import type { Queryable } from '../../src/core/sql/queryable.ts';

/** So many, a minute ago, spread over the streams `session:0` and so on. */
export const acceptInto = (db: Queryable, count: number, streams: number) =>
  db.query(
    `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, accepted_at)
     select gen_random_uuid(), 'session.log', s, array[s], '{}', 'system', 'system', 'r', 'q', now() - interval '1 minute'
     from generate_series(1, $1) as n, concat('session:', n % $2) as s`,
    [count, streams],
  );

/** Those that wait. @param condition SQL: among them */
export const settleIn = (db: Queryable, condition = 'true') =>
  db.query(
    `update commands set status = 'applied', outcome = '{}', finished_at = now() where status = 'accepted' and ${condition}`,
  );
