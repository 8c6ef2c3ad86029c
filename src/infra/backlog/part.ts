/** A part of the backlog, with a bound of its own: what waits in it, whose it is, and who is refused for that. */
import { isOverShare, isTooMuch, type Workable } from './backlog.ts';
import type { Shared } from './inboxLoad.ts';

/** Institutions; null is the system. */
export type Institutions = ReadonlySet<string | null>;

export interface Part {
  judge(seen: Shared, per_second: number): void;
  /** Why a command of the institution is not accepted: for all, or for its share. */
  refusalOf(institution_id: string | null): 'shut' | 'share' | undefined;
  /** Accepted since the last look: the next comes late for a flood. @param hasShare not, where it is in another part besides */
  admit(institution_id: string | null, hasShare?: boolean): void;
  /** What was accepted is in the next look. */
  forgetAdmitted(): void;
  isShut(): boolean;
  /** Institutions that are over their share. */
  refused(): Institutions;
  isRefusing(): boolean;
}

/** @param part of the bound */
export function createPart(part: number): Part {
  let workable: Workable = { pending: 0, oldest_pending_seconds: 0, per_second: 0 };
  let isShut = false;
  let shares = new Map<string | null, number>();
  let refused: Institutions = new Set();
  let admitted = new Map<string | null, number>();
  let came = 0;

  function judge({ pending, oldest_pending_seconds, ...seen }: Shared, per_second: number): void {
    workable = { pending, oldest_pending_seconds, per_second };
    isShut = isTooMuch(workable, isShut, part);
    shares = new Map(seen.shares.map(({ institution_id, pending }) => [institution_id, pending]));
    const over = [...shares].filter(([id, share]) => isOverShare(share, workable, refused.has(id), part));
    refused = new Set(over.map(([id]) => id));
  }

  /** What was seen, and what came in since. */
  const withAdmitted = () => ({ ...workable, pending: workable.pending + came });

  function refusalOf(institution_id: string | null) {
    const now = withAdmitted();
    if (isShut || isTooMuch(now, false, part)) return 'shut';
    const share = (shares.get(institution_id) ?? 0) + (admitted.get(institution_id) ?? 0);
    return isOverShare(share, now, refused.has(institution_id), part) ? 'share' : undefined;
  }

  function admit(institution_id: string | null, hasShare = true): void {
    came += 1;
    if (hasShare) admitted.set(institution_id, (admitted.get(institution_id) ?? 0) + 1);
  }

  function forgetAdmitted(): void {
    admitted = new Map();
    came = 0;
  }

  return {
    ...{ judge, refusalOf, admit, forgetAdmitted },
    isShut: () => isShut,
    refused: () => refused,
    isRefusing: () => isShut || refused.size > 0 || isTooMuch(withAdmitted(), false, part),
  };
}
