/**
 * Passes over streams until nothing is left to take: in one transaction while all goes well, and where the database
 * faults it in smaller ones, until what is at fault stands alone. A stream that is locked is postponed and costs nobody
 * an attempt. A command that may have taken a process down is tried with its attempt counted first.
 */
import type pg from 'pg';
import { type Decided, MAX_ATTEMPTS, type Outcome, type Postponed } from '../../src/core/apply/decideBatch.ts';
import type { PassOptions } from '../../src/core/apply/execute.ts';
import type { PendingCommand } from '../../src/core/apply/inbox.ts';
import { countAttempts, lockStreams, readPending, uncountAttempts } from '../../src/core/apply/transaction.ts';
import { addWork, type Work, workOf } from '../../src/core/definitions/stream.ts';
import { exclusively } from '../../src/infra/postgres/database.ts';
import { type Attempts, isLockFault, isUnavailable } from './attempt.ts';

/** What a run has come to so far. */
export interface Tally {
  outcomes: Outcome[];
  /** Ids of commands that faulted. */
  faulted: Set<string>;
  suspects: Map<string, string[]>;
  /** By their subject. */
  postponed: Map<string, Postponed>;
}

/** How the commands of a pass are to be taken. */
type PassMode = Pick<PassOptions, 'counted' | 'skipSuspects' | 'fault'>;

interface Counted {
  counted: Set<string>;
  /** The first pending command of each stream that could be locked. */
  firsts: PendingCommand[];
}

const PASS_COMMANDS = 1_024;
const COUNTED_AT_ONCE = 32;

export interface Passes {
  /** @param suspects streams whose next command may have taken a process down */
  run(work: Work, suspects?: Work): Promise<Tally>;
}

export function createPasses(pool: pg.Pool, attempts: Attempts, isClosing: () => boolean): Passes {
  const { attempt, transact, persistently } = attempts;

  async function run(work: Work, suspects: Work = new Map()): Promise<Tally> {
    const tally: Tally = { outcomes: [], faulted: new Set(), suspects: copyOf(suspects), postponed: new Map() };
    for (let rest = work; rest.size > 0 && !isClosing(); ) {
      rest = await pass(rest, limitFor(rest), tally, { skipSuspects: true });
    }
    if (tally.suspects.size > 0) await runSuspects(tally);
    return tally;
  }

  /** Streams that another worker is trying just now are left to it. */
  async function runSuspects(tally: Tally): Promise<void> {
    await persistently(() =>
      exclusively(pool, [...tally.suspects.keys()], async (own, isLost) => {
        let work: Work = new Map([...tally.suspects].filter(([subject]) => own.has(subject)));
        while (work.size > 0 && !isClosing() && !isLost()) work = await passSuspects(work, tally, isLost);
      }),
    );
  }

  /** One transaction; where the database faults it, smaller ones, until the command at fault stands alone. */
  async function pass(work: Work, limit: number, tally: Tally, care: PassMode): Promise<Work> {
    if (work.size === 0) return work;
    try {
      return settle(await attempt({ work, limit, ...care }), tally);
    } catch (fault) {
      if (isUnavailable(fault)) throw fault;
      if (work.size > 1) return inHalves(work, (half) => pass(half, limit, tally, care));
      if (isLockFault(fault)) return postpone(work, fault, tally);
      if (limit > 1) return pass(work, Math.ceil(limit / 8), tally, care);
      if ('fault' in care) throw fault;
      return pass(work, limit, tally, { ...care, fault });
    }
  }

  function settle(decided: Decided, tally: Tally): Work {
    tally.outcomes.push(...decided.outcomes);
    for (const { id } of decided.faults) tally.faulted.add(id);
    for (const streams of decided.suspects.values()) addWork(tally.suspects, streams);
    for (const [subject, postponed] of decided.postponed) tally.postponed.set(subject, postponed);
    return decided.again;
  }

  function postpone(work: Work, fault: unknown, tally: Tally): Work {
    const { message } = fault as Error;
    for (const [subject, streams] of work) {
      tally.postponed.set(subject, { streams: [...streams], reason: 'locked', detail: message, isSlow: true });
    }
    return new Map();
  }

  /**
   * Commands that may have taken a process down: their attempt is committed before it is made. What was tried before is
   * counted and tried in its turn and alone, so that it spends nobody's attempts but its own.
   */
  async function passSuspects(work: Work, tally: Tally, isLost: () => boolean): Promise<Work> {
    const { counted, firsts } = await count(work, (first) => first.attempts === 0, tally);
    const fresh = workOf(firsts.filter((first) => first.attempts === 0));
    const again = copyOf(await passCounted(fresh, COUNTED_AT_ONCE, tally, counted));
    for (const first of firsts.filter(({ attempts }) => attempts > 0)) {
      if (isClosing() || isLost()) break;
      const alone = workOf([first]);
      const { counted, firsts: found } = await count(alone, () => true, tally);
      if (found.length === 0) continue;
      for (const streams of (await passCounted(alone, 1, tally, counted)).values()) addWork(again, streams);
    }
    return again;
  }

  /**
   * The attempts of commands that were counted and had neither an outcome nor a fault are taken back: their stream was
   * locked, or they wait behind a fault, or for another stream or a fact, and are counted again in their turn.
   */
  async function passCounted(work: Work, limit: number, tally: Tally, counted: Set<string>): Promise<Work> {
    const left = await pass(work, limit, tally, counted.size > 0 ? { counted } : {});
    const settled = new Set(tally.outcomes.map(({ id }) => id));
    const untried = [...counted].filter((id) => !settled.has(id) && !tally.faulted.has(id));
    if (untried.length > 0) await transact((db) => uncountAttempts(db, untried));
    return left;
  }

  /** Commits the next attempts of those streams whose first command fits. A first command with none left is not counted. */
  async function count(work: Work, fits: (first: PendingCommand) => boolean, tally: Tally): Promise<Counted> {
    try {
      return await transact(async (db) => {
        const { heads, held } = await lockStreams(db, work);
        for (const [subject, streams] of work) {
          if (streams.every((stream) => heads.has(stream))) continue;
          const detail = 'somebody else has locked it';
          tally.postponed.set(subject, { streams: [...streams], reason: 'locked', detail });
        }
        const ready = [...work.keys()].filter((subject) => !held.has(subject) && !tally.postponed.has(subject));
        const { pending } = await readPending(db, ready, COUNTED_AT_ONCE);
        const firsts = pending.filter(({ stream }, i) => pending.findIndex((other) => other.stream === stream) === i);
        const fitting = new Set(firsts.filter(fits).map(({ stream }) => stream));
        const chosen = pending.filter(({ stream }) => fitting.has(stream));
        return { counted: await countAttempts(db, chosen, MAX_ATTEMPTS), firsts };
      });
    } catch (fault) {
      if (!isLockFault(fault)) throw fault;
      const counts: Counted = { counted: new Set(), firsts: [] };
      if (work.size === 1) {
        postpone(work, fault, tally);
        return counts;
      }
      await inHalves(work, async (half) => {
        const { counted, firsts } = await count(half, fits, tally);
        for (const id of counted) counts.counted.add(id);
        counts.firsts.push(...firsts);
        return new Map();
      });
      return counts;
    }
  }

  return { run };
}

async function inHalves(work: Work, take: (half: Work) => Promise<Work>): Promise<Work> {
  const again = new Map<string, string[]>();
  const middle = Math.ceil(work.size / 2);
  for (const half of [[...work].slice(0, middle), [...work].slice(middle)]) {
    for (const streams of (await take(new Map(half))).values()) addWork(again, [...streams]);
  }
  return again;
}

function copyOf(work: Work): Map<string, string[]> {
  return new Map([...work].map(([subject, streams]) => [subject, [...streams]]));
}

/** Few streams: many commands of each. Many streams: fewer, so that a transaction stays short. */
function limitFor(work: Work): number {
  return Math.min(256, Math.max(8, Math.floor(PASS_COMMANDS / work.size)));
}
