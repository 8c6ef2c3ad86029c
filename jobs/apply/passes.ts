/**
 * Passes over streams until nothing is left to take: in one transaction while all goes well, and where the database
 * faults it in smaller ones, until what is at fault stands alone. A stream that is locked is postponed and costs nobody
 * an attempt. Commands that may have taken a process down are left to suspects.ts.
 */
import type pg from 'pg';
import type { Work } from '../../src/core/definitions/stream.ts';
import { type Attempts, isConnectionLost, isLockFault } from './attempt.ts';
import { createSuspects } from './suspects.ts';
import { collect, inHalves, newTally, type PassMode, postpone, type Tally } from './tally.ts';

export interface Passes {
  /** @param suspects streams whose next command may have taken a process down */
  run(work: Work, suspects?: Work): Promise<Tally>;
}

const PASS_COMMANDS = 1_024;

export function createPasses(pool: pg.Pool, attempts: Attempts, isClosing: () => boolean): Passes {
  const suspected = createSuspects({ pool, attempts, pass, isClosing });

  async function run(work: Work, suspects: Work = new Map()): Promise<Tally> {
    const tally = newTally(suspects);
    for (let rest = work; rest.size > 0 && !isClosing(); ) {
      rest = await pass(rest, limitFor(rest), tally, { skipSuspects: true });
    }
    if (tally.suspects.size > 0) await suspected.run(tally);
    return tally;
  }

  /** One transaction; where the database faults it, smaller ones, until the command at fault stands alone. */
  async function pass(work: Work, limit: number, tally: Tally, mode: PassMode): Promise<Work> {
    if (work.size === 0) return work;
    try {
      return collect(await attempts.attempt({ work, limit, ...mode }), tally);
    } catch (fault) {
      if (isConnectionLost(fault)) throw fault;
      if (work.size > 1) return inHalves(work, (half) => pass(half, limit, tally, mode));
      if (isLockFault(fault)) return postpone(work, fault, tally);
      if (limit > 1) return pass(work, Math.ceil(limit / 8), tally, mode);
      if ('fault' in mode) throw fault;
      return pass(work, limit, tally, { ...mode, fault });
    }
  }

  return { run };
}

/** Few streams: many commands of each. Many streams: fewer, so that a transaction stays short. */
function limitFor(work: Work): number {
  return Math.min(256, Math.max(8, Math.floor(PASS_COMMANDS / work.size)));
}
