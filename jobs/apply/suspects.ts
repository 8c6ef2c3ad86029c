/**
 * Commands that may have taken a process down: tried before without an outcome, or pending for too long. Their attempt
 * is committed before it is made, so that a command that ends its process three times is dead, and no other with it.
 */
import type pg from 'pg';
import type { PendingCommand } from '../../src/core/apply/inbox.ts';
import { MAX_ATTEMPTS } from '../../src/core/apply/outcome.ts';
import { countAttempts, lockStreams, readPending, uncountAttempts } from '../../src/core/apply/transaction.ts';
import { addWork, type Work, workOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { exclusively } from '../../src/infra/postgres/database.ts';
import { type Attempts, isLockFault } from './attempt.ts';
import { copyOf, inHalves, type Pass, postpone, type Tally } from './tally.ts';

interface Counted {
  preCounted: Set<string>;
  /** The first pending command of each stream that could be locked. */
  firsts: PendingCommand[];
}

interface SuspectsOptions {
  pool: pg.Pool;
  attempts: Attempts;
  pass: Pass;
  isClosing(): boolean;
}

type Fits = (first: PendingCommand) => boolean;

/**
 * What waits for long is most often only late. While none of it faults twice as many are counted the next time: a process
 * that dies of one of so many costs the others an attempt, and from then on each is tried alone.
 */
const AT_ONCE = { first: 32, most: 256, of_all_streams: 1_024 };

export function createSuspects({ pool, attempts: { transact, persistently }, pass, isClosing }: SuspectsOptions) {
  /** Streams that another worker is trying just now are left to it. */
  async function run(tally: Tally): Promise<void> {
    await persistently(() =>
      exclusively(pool, [...tally.suspects.keys()], async (own, isLost) => {
        let work: Work = new Map([...tally.suspects].filter(([subject]) => own.has(subject)));
        for (let at_once = AT_ONCE.first; work.size > 0 && !isClosing() && !isLost(); ) {
          const faulted = tally.faulted.size;
          work = await passSuspects(work, at_once, tally, isLost);
          at_once = tally.faulted.size > faulted ? AT_ONCE.first : Math.min(2 * at_once, AT_ONCE.most);
        }
      }),
    );
  }

  /** What was tried before is counted and tried in its turn and alone, so that it spends no attempts but its own. */
  async function passSuspects(work: Work, at_once: number, tally: Tally, isLost: () => boolean): Promise<Work> {
    const share = Math.floor(AT_ONCE.of_all_streams / work.size);
    const limit = Math.min(at_once, Math.max(AT_ONCE.first, share));
    const { preCounted, firsts } = await count(work, limit, (first) => first.attempts === 0, tally);
    const fresh = workOf(firsts.filter((first) => first.attempts === 0));
    const again = copyOf(await passCounted(fresh, limit, tally, preCounted));
    for (const first of firsts.filter(({ attempts }) => attempts > 0)) {
      if (isClosing() || isLost()) break;
      const alone = workOf([first]);
      const { preCounted, firsts: found } = await count(alone, 1, () => true, tally);
      if (found.length === 0) continue;
      for (const streams of (await passCounted(alone, 1, tally, preCounted)).values()) addWork(again, streams);
    }
    return again;
  }

  /**
   * The attempts of commands that were counted and had neither an outcome nor a fault are taken back: their stream was
   * locked, or they wait behind a fault, or for another stream or a fact, and are counted again in their turn.
   */
  async function passCounted(work: Work, limit: number, tally: Tally, preCounted: Set<string>): Promise<Work> {
    const left = await pass(work, limit, tally, preCounted.size > 0 ? { preCounted } : {});
    const ended = new Set(tally.outcomes.map(({ id }) => id));
    const untried = [...preCounted].filter((id) => !ended.has(id) && !tally.faulted.has(id));
    if (untried.length > 0) await transact((db) => uncountAttempts(db, untried));
    return left;
  }

  /** Commits the next attempts of those streams whose first command fits; of smaller parts where a lock is in the way. */
  async function count(work: Work, limit: number, fits: Fits, tally: Tally): Promise<Counted> {
    const counts: Counted = { preCounted: new Set(), firsts: [] };
    try {
      return await transact((db) => countLocked(db, work, limit, fits, tally));
    } catch (fault) {
      if (!isLockFault(fault)) throw fault;
      if (work.size === 1) {
        postpone(work, fault, tally);
        return counts;
      }
    }
    await inHalves(work, async (half) => {
      const { preCounted, firsts } = await count(half, limit, fits, tally);
      for (const id of preCounted) counts.preCounted.add(id);
      counts.firsts.push(...firsts);
      return new Map();
    });
    return counts;
  }

  return { run };
}

/** A first command with no attempt left is not counted. */
async function countLocked(db: Queryable, work: Work, limit: number, fits: Fits, tally: Tally): Promise<Counted> {
  const { heads, backingOff } = await lockStreams(db, work);
  for (const [subject, streams] of work) {
    if (streams.every((stream) => heads.has(stream))) continue;
    const detail = 'somebody else has locked it';
    tally.postponed.set(subject, { streams: [...streams], reason: 'locked', detail });
  }
  const ready = [...work.keys()].filter((subject) => !backingOff.has(subject) && !tally.postponed.has(subject));
  const { pending } = await readPending(db, ready, limit);
  const firsts = pending.filter(({ stream }, i) => pending.findIndex((other) => other.stream === stream) === i);
  const fitting = new Set(firsts.filter(fits).map(({ stream }) => stream));
  const chosen = pending.filter(({ stream }) => fitting.has(stream));
  return { preCounted: await countAttempts(db, chosen, MAX_ATTEMPTS), firsts };
}
