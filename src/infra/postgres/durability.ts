/**
 * What a commit is good for here: *accepted* is durable only as far as Postgres waits for its disk, and for its standbys.
 * Nothing of it is set by us, as an operator may want more than the default; it is asked, and told.
 */
import type { Queryable } from '../../core/sql/queryable.ts';

export interface Durability {
  synchronous_commit: string;
  synchronous_standby_names: string;
  fsync: string;
  full_page_writes: string;
}

const DURABILITY = {
  name: 'durability',
  text: `
    select ${['synchronous_commit', 'synchronous_standby_names', 'fsync', 'full_page_writes']
      .map((name) => `current_setting('${name}') as ${name}`)
      .join(', ')}`,
};

export async function readDurability(db: Queryable): Promise<Durability> {
  const { rows } = await db.query<Durability>(DURABILITY);
  return rows[0]!;
}

/** Is what was accepted still there after a crash of the server? */
export function survivesCrash({ synchronous_commit, fsync, full_page_writes }: Durability): boolean {
  return synchronous_commit !== 'off' && fsync === 'on' && full_page_writes === 'on';
}

/** One sentence for an operator. */
export function describeDurability(found: Durability): string {
  const { synchronous_commit, synchronous_standby_names, fsync, full_page_writes } = found;
  const loose = Object.entries({ synchronous_commit, fsync, full_page_writes }).filter(([, value]) => value === 'off');
  if (loose.length > 0) {
    const settings = loose.map(([name]) => `${name} = off`).join(', ');
    return `${settings}: what was accepted can be lost when Postgres or its host stops at once`;
  }
  const said = `synchronous_commit = ${synchronous_commit}: what was accepted is on the disk of Postgres`;
  if (synchronous_standby_names === '') return `${said}; a standby is not waited for, and can lack the latest`;
  if (synchronous_commit === 'local') return `${said}; its standbys are not waited for, and can lack the latest`;
  return `${said} and with its standbys (${synchronous_standby_names})`;
}
