/** The log as far as it concerns some streams: what is wrong with others' leaves is not theirs to know. */
import type { Queryable } from '../../core/sql/queryable.ts';
import { streamNamedBy } from '../runs/findingOf.ts';
import type { StreamName } from '../streams/streamNames.ts';
import type { SignedTree } from './judgeLeaves.ts';
import { type LogReport, verifyLog } from './verifyLog.ts';

const LEAVES = 'select count(*)::integer as count from log_leaves where stream = any($1) and index < $2';

/** @param names of the streams, in pages. Leaves are counted under the smallest of the trees */
export async function verifyLogOf(
  db: Queryable,
  trees: SignedTree[],
  names: AsyncIterable<StreamName[]>,
): Promise<LogReport> {
  const log = await verifyLog(db, trees);
  const size = Math.min(...trees.map((tree) => tree.size));
  const named = new Map(log.issues.map((issue) => [issue, streamNamedBy(issue)]));
  const own = new Set<string | null>([null]);
  let leaves_checked = 0;
  for await (const page of names) {
    const streams = page.map(({ stream }) => stream);
    const { rows } = await db.query<{ count: number }>(LEAVES, [streams, size]);
    leaves_checked += rows[0]!.count;
    for (const stream of named.values()) if (stream !== null && streams.includes(stream)) own.add(stream);
  }
  return { ...log, leaves_checked, issues: log.issues.filter((issue) => own.has(named.get(issue)!)) };
}
