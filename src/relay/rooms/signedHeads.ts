/**
 * Where a session stands, signed once for all who come within a second: a signature costs as much as letting a listener
 * in, and a crowd comes to one head.
 */
import type { HeadNote } from '../../core/proof/headNote.ts';
import type { HeadSigner } from '../../infra/signer/heads.ts';

const SHARED_MS = 1_000;

/** @param sign as of now */
export function shareSignatures(sign: HeadSigner['sign']): (head: Omit<HeadNote, 'at'>) => Promise<string | undefined> {
  const latest = new Map<string, { event_hash: string; signed: Promise<string | undefined> }>();

  return (head) => {
    const { stream, event_hash } = head;
    const known = latest.get(stream);
    if (known?.event_hash === event_hash) return known.signed;
    const made = { event_hash, signed: sign(head) };
    latest.set(stream, made);
    setTimeout(() => {
      if (latest.get(stream) === made) latest.delete(stream);
    }, SHARED_MS).unref();
    return made.signed;
  };
}
