/** Processes that end at a moment of their own. */
import { type Process, until } from '../test/support/processes.ts';
import type { Fault } from './blow.ts';
import type { Post } from './posts.ts';
import type { Kind } from './releaseFiles.ts';
import type { Moment } from './saboteur.ts';

export async function alive(post: Post): Promise<Process> {
  return until(`a ${post.kind} is ready`, () => post.process);
}

/** @param most it ends when it comes to the moment for the n-th time, this at the latest */
export function killAt(id: string, kind: Kind, moment: Moment, what: string, most = 20): Fault {
  return {
    id,
    what: `the ${kind} dies ${what}`,
    async strike({ fleet }, dice) {
      const process = await alive(dice.oneOf(fleet.posts(kind)));
      fleet.order(process, moment, dice.between(1, most));
      await process.exited;
      return { struck_ms: performance.now() };
    },
  };
}
