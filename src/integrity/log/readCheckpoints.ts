/** Checkpoints as they are given out: the note that was signed, and below it the lines of witnesses. */
import type { Queryable } from '../../core/sql/queryable.ts';

export interface SignedCheckpoint {
  size: number;
  root: string;
  note: string;
}

const NOTE = `c.note || coalesce((select string_agg(s.line, '' order by s.cosigned_at, s.name)
  from log_cosignatures s where s.size = c.size), '') as note`;

const OF_SIZE = {
  name: 'read-checkpoint',
  text: `select c.size, encode(c.root, 'hex') as root, ${NOTE} from log_checkpoints c where c.size = $1`,
};

const LATEST = {
  name: 'read-latest-checkpoint',
  text: `select c.size, encode(c.root, 'hex') as root, ${NOTE} from log_checkpoints c order by c.size desc limit 1`,
};

/** @param size null for the latest */
export async function readCheckpoint(db: Queryable, size: number | null): Promise<SignedCheckpoint | undefined> {
  const asked =
    size === null ? db.query<SignedCheckpoint>(LATEST) : db.query<SignedCheckpoint>({ ...OF_SIZE, values: [size] });
  return (await asked).rows[0];
}

/** How much of the log is signed. */
export async function readSignedSize(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ size: number }>('select coalesce(max(size), 0) as size from log_checkpoints');
  return rows[0]!.size;
}

const pageWhere = (condition: string) => `
  select c.size, encode(c.root, 'hex') as root, c.created_at, array(
    select s.name from log_cosignatures s where s.size = c.size order by s.name) as cosigned_by
  from log_checkpoints c where ($1::bigint is null or c.size < $1) and ${condition} order by c.size desc limit $2`;

/** References are archived in their order: up to a size all were. */
const ARCHIVED_TO = '(select coalesce(max(size), -1) from audit_archive)';
const PAGES = {
  all: pageWhere('true'),
  listed: pageWhere(`c.size > ${ARCHIVED_TO}`),
  archived: pageWhere(`c.size <= ${ARCHIVED_TO}`),
};

export interface CheckpointLine {
  size: number;
  root: string;
  created_at: string;
  cosigned_by: string[];
}

/** Newest first. @param before a size, or null */
export async function readCheckpointPage(
  db: Queryable,
  before: string | null,
  limit: number,
  which: keyof typeof PAGES = 'all',
): Promise<CheckpointLine[]> {
  return (await db.query<CheckpointLine>(PAGES[which], [before, limit])).rows;
}
