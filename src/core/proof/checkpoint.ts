/** The text of a checkpoint (C2SP tlog-checkpoint): which tree of a log was signed. Ours has no extension lines. */
import { base64OfBytes, bytesOfBase64 } from '../chain/base64.ts';
import { bytesOfHex, hexOfBytes } from '../chain/hex.ts';
import { EMPTY_ROOT } from './merkle.ts';
import { NoteFault } from './note.ts';
import { provesConsistency } from './proofs.ts';

export interface Checkpoint {
  origin: string;
  size: number;
  /** Lower-case hex. */
  root: string;
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${base64OfBytes(bytesOfHex(root))}\n`;
}

const TEXT = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/;

/** @param text of a note. @throws {NoteFault} malformed: extension lines, and an empty tree with another root, included */
export function parseCheckpoint(text: string): Checkpoint {
  const [, origin, digits, base64] = TEXT.exec(text) ?? [];
  const root = base64 === undefined ? undefined : bytesOfBase64(base64);
  const size = Number(digits);
  if (origin === undefined || root === undefined || !Number.isSafeInteger(size)) {
    throw new NoteFault('malformed', 'not the text of a checkpoint');
  }
  const checkpoint = { origin, size, root: hexOfBytes(root) };
  if (size === 0 && checkpoint.root !== EMPTY_ROOT) throw new NoteFault('malformed', 'an empty tree has another root');
  return checkpoint;
}

/**
 * Whether a log that stood at `before` may stand at `after`: by the consistency proof, which is empty where nothing grew
 * and where it grew from nothing.
 */
export function isGrowth(before: Checkpoint, after: Checkpoint, hashes: string[]): boolean {
  if (before.origin !== after.origin) return false;
  if (before.size > 0) return provesConsistency({ from: before.size, to: after.size, hashes }, before.root, after.root);
  return hashes.length === 0 && before.root === EMPTY_ROOT && (after.size > 0 || after.root === EMPTY_ROOT);
}
