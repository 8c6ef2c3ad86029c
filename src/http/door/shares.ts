/**
 * Fair shares of what there is little of, such as connections to Postgres: so many at once for a user, for an
 * institution and in all. A request for more waits in its institution's line, not for long; the institutions take
 * turns, so that none waits behind another's line.
 */

import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';

export interface ShareLimits {
  total: number;
  perInstitution: number;
  perUser: number;
  /** Of one institution; more are refused at once. */
  maxWaiting: number;
  waitAtMost_ms: number;
}

export interface Shares {
  /** @throws {Problem} 429 where the asker's own share was taken for too long, 503 where everything was */
  run<T>(actor: Actor, work: () => Promise<T>): Promise<T>;
}

interface Waiter {
  user: string;
  start(): void;
}

interface Institution {
  name: string;
  running: number;
  /** When one of them was last served, as a count. */
  served: number;
  waiting: Waiter[];
}

const DEFAULT_WAITING = { maxWaiting: 200, waitAtMost_ms: 5_000 };

/** Half of it for one institution, and two at once for one user. */
export function shareOut(total: number): Shares {
  const perInstitution = Math.ceil(total / 2);
  return createShares({ total, perInstitution, perUser: Math.min(2, perInstitution), ...DEFAULT_WAITING });
}

export function createShares({ total, perInstitution, perUser, maxWaiting, waitAtMost_ms }: ShareLimits): Shares {
  const institutions = new Map<string, Institution>();
  const users = new Map<string, number>();
  let running = 0;
  let served = 0;

  const mayStart = (one: Institution, user: string) => one.running < perInstitution && (users.get(user) ?? 0) < perUser;

  function begin(institution: Institution, user: string): void {
    running += 1;
    institution.running += 1;
    addTo(users, user, 1);
    served += 1;
    institution.served = served;
  }

  function end(institution: Institution, user: string): void {
    running -= 1;
    institution.running -= 1;
    addTo(users, user, -1);
    forgetIdle(institution);
    // Each start may leave room for another.
    for (let isStarted = true; isStarted && running < total; ) isStarted = startNext();
  }

  /** The first waiter that may start, of the institution that was served longest ago. */
  function startNext(): boolean {
    let next: { institution: Institution; i: number } | undefined;
    for (const institution of institutions.values()) {
      if (next && next.institution.served <= institution.served) continue;
      const i = institution.waiting.findIndex(({ user }) => mayStart(institution, user));
      if (i >= 0) next = { institution, i };
    }
    if (!next) return false;
    const [waiter] = next.institution.waiting.splice(next.i, 1);
    begin(next.institution, waiter!.user);
    waiter!.start();
    return true;
  }

  function forgetIdle({ name, running: own, waiting }: Institution): void {
    if (own === 0 && waiting.length === 0) institutions.delete(name);
  }

  async function waitInLine(institution: Institution, actor: Actor): Promise<void> {
    const { id: user } = actor;
    try {
      if (institution.waiting.length >= maxWaiting) throw new OutOfPatience();
      await lineUp(institution.waiting, user, waitAtMost_ms);
    } catch {
      const isOwnShare = !mayStart(institution, user);
      forgetIdle(institution);
      throw isOwnShare ? shareTaken(actor, perUser, perInstitution) : allTaken();
    }
  }

  return {
    async run(actor, work) {
      const { id } = actor;
      const name = lineOf(actor);
      const institution = institutions.get(name) ?? { name, running: 0, served: 0, waiting: [] };
      institutions.set(name, institution);
      if (running < total && mayStart(institution, id)) begin(institution, id);
      else await waitInLine(institution, actor);
      try {
        return await work();
      } finally {
        end(institution, id);
      }
    },
  };
}

/** Readers without a token are one line, however many: all of them together have what one institution has. */
export function lineOf({ id, role, institution_id }: Actor): string {
  return role === 'anonymous' ? role : (institution_id ?? `user ${id}`);
}

function addTo(counts: Map<string, number>, key: string, more: number): void {
  const count = (counts.get(key) ?? 0) + more;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** The line is full, or was waited in for too long. */
class OutOfPatience extends Error {}

/** Resolves when the waiter is started. @throws {OutOfPatience} */
function lineUp(line: Waiter[], user: string, most_ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      line.splice(line.indexOf(waiter), 1);
      reject(new OutOfPatience());
    }, most_ms);
    const start = () => {
      clearTimeout(late);
      resolve();
    };
    const waiter = { user, start };
    line.push(waiter);
  });
}

function allTaken(): Problem {
  return new Problem('unavailable', 'Too much is asked for just now.', {}, { 'Retry-After': '1' });
}

function shareTaken({ role }: Actor, perUser: number, perInstitution: number): Problem {
  const headers = { 'Retry-After': '1', 'X-RateLimit-Limit': `${perUser}`, 'X-RateLimit-Remaining': '0' };
  const [one, all] = role === 'anonymous' ? ['an address', 'all without a token'] : ['a user', 'an institution'];
  const detail = `At most ${perUser} of these at once for ${one}, and ${perInstitution} for ${all}.`;
  return new Problem('rate_limited', detail, { limit: 'at_once' }, { ...headers, 'X-RateLimit-Reset': '1' });
}
