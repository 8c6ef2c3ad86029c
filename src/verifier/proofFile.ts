/** `proof.json`: where in the log the events of a bundle stand, and the hashes that lead from them to the root of a checkpoint. */

export interface BundleProof {
  origin: string;
  size: number;
  /** Runs of leaves, for the events in their order. */
  leaves: { index: number; count: number }[];
  /** Of the largest complete subtrees between the leaves, from the left. */
  hashes: string[];
  /** The same for each event that erased a payload of the bundle. */
  erasures: { sequence: number; index: number; hashes: string[] }[];
}

export const MAX_PROOF_BYTES = 67_108_864;

/** @returns undefined where it is not of that form */
export function readProof(text: string): BundleProof | undefined {
  let proof: BundleProof;
  try {
    proof = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { origin, size, leaves, hashes, erasures } = proof ?? {};
  const isIndex = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const isProof =
    typeof origin === 'string' &&
    isIndex(size) &&
    areHashes(hashes) &&
    Array.isArray(leaves) &&
    leaves.every((run) => isIndex(run?.index) && isIndex(run.count) && run.count > 0) &&
    Array.isArray(erasures) &&
    erasures.every((one) => isIndex(one?.sequence) && isIndex(one.index) && areHashes(one.hashes));
  return isProof ? proof : undefined;
}

function areHashes(hashes: unknown): boolean {
  return Array.isArray(hashes) && hashes.every((hash) => typeof hash === 'string');
}
