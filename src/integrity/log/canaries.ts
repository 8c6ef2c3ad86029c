/** Logs that are broken on purpose: a check that does not find exactly what is wrong with each of them is not to be believed. */
import { chainEvent, EMPTY_HEAD } from '../../core/chain/ledger.ts';
import { sha256 } from '../../core/chain/sha256.ts';
import { merkleRoot } from '../../core/proof/merkle.ts';
import { judgeLeaves, type LeafRow, NO_LEAVES } from './judgeLeaves.ts';
import { judgeNewLeaves, type NewLeaf } from './unsigned.ts';

const LEAVES = Array.from({ length: 5 }, (_, i) => sha256(`canary ${i}`));
const ROWS: LeafRow[] = LEAVES.map((event_hash, index) => ({
  index,
  stream: 'canary',
  sequence: index + 1,
  event_hash,
}));
const FORGED = sha256('forged');

/** The leaf, as it is known to be wrong, and how the finding on it begins. */
const CANARIES: [begins: string, rows: LeafRow[], leaves: string[], root: string][] = [
  ['Leaf mismatch at 2', ROWS.with(2, { ...ROWS[2]!, event_hash: FORGED }), LEAVES, merkleRoot(LEAVES)],
  ['Leaf mismatch at 4', ROWS.with(4, { ...ROWS[4]!, event_hash: null }), LEAVES, merkleRoot(LEAVES)],
  ['Leaf missing: 0', ROWS.slice(1), LEAVES, merkleRoot(LEAVES)],
  ['Checkpoint mismatch at size 5', ROWS, LEAVES, FORGED],
];

/** @throws where one of them passes, or where a sound log does not */
export function assertCanariesFound(judge = judgeLeaves): void {
  const issuesOf = (rows: LeafRow[], leaves: string[], root: string) =>
    judge(NO_LEAVES, 5, rows, ({ level }) => (level === 0 ? leaves : undefined), [{ size: 5, root }]).issues;
  if (issuesOf(ROWS, LEAVES, merkleRoot(LEAVES)).length > 0) throw new Error('the check finds faults in a sound log');
  for (const [begins, ...broken] of CANARIES) {
    const issues = issuesOf(...broken);
    if (issues.length !== 1 || !issues[0]!.startsWith(begins)) throw new Error(`the check does not find: ${begins}`);
  }
}

/** What is signed is recomputed before. @throws where an event that was changed, or is gone, passes for its leaf */
export function assertNewLeavesJudged(judge = judgeNewLeaves): void {
  const note = { kind: 'canary', type: 'CANARY', payload: {} };
  const id = '00000000-0000-4000-8000-000000000000';
  const leaf: NewLeaf = {
    ...chainEvent('canary:1', EMPTY_HEAD, note, id, 'system', '2026-11-21T10:00:00.000Z'),
    index: 0,
  };
  const faultsOf = (row: NewLeaf) => judge([row], [leaf.event_hash!]).faults.length;
  if (faultsOf(leaf) !== 0) throw new Error('the signer finds a sound leaf bad');
  const broken: NewLeaf[] = [
    { ...leaf, actor_id: 'forged' },
    { ...leaf, previous_hash: FORGED },
    { ...leaf, payload_commitment: FORGED },
    { ...leaf, event_hash: null },
  ];
  if (broken.some((row) => faultsOf(row) !== 1))
    throw new Error('the signer does not find a leaf that is not its event');
}
