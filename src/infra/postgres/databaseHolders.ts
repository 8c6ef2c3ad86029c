/** The processes that hold the lock of a database, and how a process that is refused is told of them. */
import type pg from 'pg';

export type ClaimMode = 'alone' | 'together';

export interface Holder {
  pid: number;
  name: string;
  since: Date | null;
}

/** Two numbers of ours; migrations and suspects lock by one. */
export const LOCK = '1886152033, 1';
const HOLDERS = `
  select l.pid, coalesce(nullif(a.application_name, ''), 'another') as name, a.backend_start as since
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid::bigint = 1886152033 and l.objid::bigint = 1 and l.objsubid = 2
    and l.granted and l.database = (select oid from pg_database where datname = current_database())
  order by a.backend_start, l.pid limit 5`;
export async function readHolders(client: pg.Client): Promise<Holder[]> {
  return (await client.query<Holder>(HOLDERS)).rows;
}

export function inUseSentence(mode: ClaimMode, holders: Holder[]): string {
  const who = holders.map(shown).join(', ') || 'a process that has just ended';
  const isAlone = mode === 'together' || holders.some(({ name }) => name.startsWith('plearoll-alone'));
  if (isAlone) {
    return (
      `The database is served by one process alone, which keeps presence and limits in its memory: ${who}. ` +
      'Stop it, or name another database. Several processes at once all need the same REDIS_URL.'
    );
  }
  return (
    `The database is served by processes that share a Redis: ${who}. ` +
    'Set their REDIS_URL here too, stop them, or name another database.'
  );
}

/** `process 12 on host h, http://127.0.0.1:3000, since ...`, from the name that its connection bears. */
function shown({ pid, name, since }: Holder): string {
  const [, own, host, address] = /^plearoll-\w+ (\d+)@(\S+)(?: (\S+))?/.exec(name) ?? [];
  const who = own ? `process ${own} on host ${host}` : `${name} (backend ${pid} of Postgres)`;
  return [who, address, since && `since ${since.toISOString()}`].filter(Boolean).join(', ');
}
