/**
 * The log against the record: each leaf is the event that it names, each stream is in it from its first event on and in its
 * order, the tiles follow from the leaves, the roots that were signed from the tiles, and each stored note is signed for its root. Page by page; reads only.
 */
import { TILE_WIDTH, type Tile, type TileId } from '../../core/proof/tiles.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Swept, sweepRecord } from '../sweep/sweepRecord.ts';
import { assertCanariesFound } from './canaries.ts';
import { noteIssues, readLogKeys, type StoredCheckpoint } from './checkpointNotes.ts';
import {
  type JudgedTree,
  judgeGrowth,
  judgeLeaves,
  type LeafRow,
  NO_LEAVES,
  type SignedTree,
  type StoredTiles,
} from './judgeLeaves.ts';
import { readTiles } from './tileRows.ts';

export interface LogReport {
  /** What the first pass over the record says of its streams. */
  swept: Swept;
  leaves_checked: number;
  checkpoints_checked: number;
  /** At most 100, and a line that says that there are more. */
  issues: string[];
}

const PAGE = 32_768;
const MAX_ISSUES = 100;

/** What is signed stays in its place; before the first checkpoint, all there is. */
const SIZE = `
  select coalesce((select max(size) from log_checkpoints), (select size from log_state where one), 0) as size`;
const LEAVES = `
  select l.index, l.stream, l.sequence, encode(e.event_hash, 'hex') as event_hash
  from log_leaves l left join events e on e.stream = l.stream and e.sequence = l.sequence
  where l.index >= $1 and l.index < $2 order by l.index`;
/** The tiles, from left to right, whose leaves are all there, each once, and are the hashes of their events. */
const SOUND = `
  with placed as (
    select l.index / ${TILE_WIDTH} as tile, count(*)::integer as width, count(distinct l.index) as places,
      string_agg(e.event_hash, ''::bytea order by l.index) as hashes
    from log_leaves l left join events e on e.stream = l.stream and e.sequence = l.sequence
    where l.index >= $1 and l.index < $2 group by 1
  )
  select encode(p.hashes, 'hex') as hashes
  from placed p join log_tiles t on t.level = 0 and t.index = p.tile and substr(t.hashes, 1, 32 * p.width) = p.hashes
  where p.width = p.places and p.width = least(${TILE_WIDTH}, $2 - ${TILE_WIDTH} * p.tile)
  order by p.tile`;
const SIGNED = `
  select size, encode(root, 'hex') as root, note from log_checkpoints where size > $1 and size <= $2 order by size`;
/** Of each stream the n-th leaf is its n-th event. */
const DISORDER = `
  select stream, sequence, index from (
    select stream, sequence, index, row_number() over (partition by stream order by index) as n
    from log_leaves where index < $1
  ) placed where n <> sequence order by index limit ${MAX_ISSUES}`;

/**
 * @param trees that were signed by what is known outside the database: the log is looked at up to the largest, at least
 * @throws where the check does not find what was broken for it on purpose
 */
export async function verifyLog(db: Queryable, trees: SignedTree[] = []): Promise<LogReport> {
  assertCanariesFound();
  const { rows: sizes } = await db.query<{ size: number }>(SIZE);
  const size = Math.max(sizes[0]!.size, ...trees.map((one) => one.size));
  const keys = await readLogKeys(db);
  const swept = await sweepRecord(db, size);
  const judge = swept.are_leaves_sound ? judgeTiles : judgeSound;
  const report: LogReport = { swept, leaves_checked: 0, checkpoints_checked: 0, issues: [] };
  let tree = NO_LEAVES;
  while (tree.size < size && report.issues.length <= MAX_ISSUES) {
    const to = Math.min(tree.size + PAGE, size);
    const { rows: kept } = await db.query<StoredCheckpoint>(SIGNED, [tree.size, to]);
    const known = trees.filter((one) => one.size > tree.size && one.size <= to);
    const signed = [...kept, ...known].sort((a, b) => a.size - b.size);
    const judged = (await judge(db, tree, to, signed)) ?? (await judgeClosely(db, tree, to, signed));
    tree = judged.tree;
    report.issues.push(...judged.issues, ...(await noteIssues(kept, keys)));
    report.leaves_checked += judged.leaves_checked;
    report.checkpoints_checked += signed.length;
  }
  if (!swept.are_leaves_sound) report.issues.push(...(await disorderIssues(db, size)));
  if (report.issues.length > MAX_ISSUES) report.issues.splice(MAX_ISSUES, Infinity, '... and more, not looked for');
  return report;
}

/** Of leaves that are known to be their events, in order. @returns undefined where a tile is not there */
async function judgeTiles(db: Queryable, tree: JudgedTree, to: number, signed: SignedTree[]) {
  const stored = await readTiles(db, tilesBetween(tree.size, to));
  const all = [...stored.values()].filter(({ level }) => level === 0).sort((a, b) => a.index - b.index);
  const leaves = all.flatMap(({ hashes }) => hashes.slice(0, TILE_WIDTH)).slice(0, to - tree.size);
  if (leaves.length < to - tree.size) return undefined;
  return { ...judgeGrowth(tree, leaves, storedIn(stored), signed), leaves_checked: leaves.length };
}

async function disorderIssues(db: Queryable, size: number): Promise<string[]> {
  const { rows } = await db.query<{ stream: string; sequence: number; index: number }>(DISORDER, [size]);
  return rows.map((one) => `Leaf out of order: ${one.index}, event ${one.sequence} of ${one.stream}`);
}

/** @returns undefined where a leaf of the page is not its event, or not in its tile: that page is looked at closely */
async function judgeSound(db: Queryable, tree: JudgedTree, to: number, signed: SignedTree[]) {
  const { rows } = await db.query<{ hashes: string }>(SOUND, [tree.size, to]);
  if (rows.length < Math.ceil((to - tree.size) / TILE_WIDTH)) return undefined;
  const leaves = rows.flatMap(({ hashes }) => hashes.match(/.{64}/g)!);
  const ids = tilesBetween(tree.size, to).filter(({ level }) => level > 0);
  return { ...judgeGrowth(tree, leaves, storedIn(await readTiles(db, ids)), signed), leaves_checked: leaves.length };
}

async function judgeClosely(db: Queryable, tree: JudgedTree, to: number, signed: SignedTree[]) {
  const { rows } = await db.query<LeafRow>(LEAVES, [tree.size, to]);
  const stored = await readTiles(db, tilesBetween(tree.size, to));
  return { ...judgeLeaves(tree, to, rows, storedIn(stored), signed), leaves_checked: rows.length };
}

const storedIn =
  (tiles: Map<string, Tile>): StoredTiles =>
  ({ level, index }) =>
    tiles.get(`${level}/${index}`)?.hashes;

/** All tiles that leaves from one index up to another make or touch. */
function tilesBetween(from: number, to: number): TileId[] {
  const ids: TileId[] = [];
  for (let level = 0, width = 256; level === 0 || to >= width / 256; level += 1, width *= 256) {
    for (let index = Math.floor(from / width); index * width < to; index += 1) ids.push({ level, index });
  }
  return ids;
}
