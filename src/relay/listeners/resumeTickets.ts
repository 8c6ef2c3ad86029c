/**
 * Resume tickets: a connection is given one when it is welcomed and another when it is sent away, and comes back with it
 * uncounted by the limits. A ticket is good once, while its connection lives and ten minutes beyond, for the same subject
 * and session. What is kept is a digest of all three, so that no ticket can be read in Redis.
 */
import { createHash, randomBytes } from 'node:crypto';
import { apart, createBatcher } from '../../core/batcher.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { RENEW_MS, type Resumption } from '../../infra/resumption/resumption.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Identity, Ticket } from '../../infra/tokens.ts';

/** For which connections a ticket is good. */
export interface Bearer {
  /** The `sub` of the token, or of the observer's ticket. */
  subject: string;
  session_id: string;
  /** Of an observer: the observation must not have been left. */
  observation_id: string | undefined;
}

export interface ResumeTickets {
  issue(bearer: Bearer): ConnectionTicket;
  /** Uses the ticket up. @returns whether it was good @throws where Postgres is away */
  redeem(ticket: unknown, bearer: Bearer): Promise<boolean>;
  close(): void;
}

const OBSERVATIONS_AT_ONCE = 200;
const TICKETS_AT_ONCE = 500;
/** Few, because a client that comes back at once must find its ticket told; enough for a crowd to share what telling costs. */
const TICKETS_APART_MS = 5;
const OPEN_OBSERVATIONS = {
  name: 'find-open-observations',
  text: 'select id from session_observations where id = any($1) and left_at is null',
};
const TICKET_BYTES = 16;
const TICKET = /^[\w-]{22}$/;

export interface ResumeTicketsOptions {
  /** On role plearoll_relay. */
  db: Queryable;
  resumption: Resumption;
  log: Log;
}

export function createResumeTickets({ db, resumption, log }: ResumeTicketsOptions): ResumeTickets {
  const held = createBatcher<string, undefined>(TICKETS_AT_ONCE, holdAll, () => true, apart(TICKETS_APART_MS));
  const observations = createBatcher<string, boolean>(OBSERVATIONS_AT_ONCE, areOpen, () => true);
  /** Of connections that live. */
  const live = new Set<string>();
  const timer = setInterval(() => void say(resumption.renew([...live])), RENEW_MS);
  timer.unref();

  const shelf: Shelf = { resumption, live, hold, say };

  /** Best effort: a ticket that could not be told is no ticket, and its bearer is counted as others are. */
  async function say(told: Promise<unknown>): Promise<void> {
    await told.catch((err) => log.debug({ err }, 'telling resume tickets failed'));
  }

  function issue(bearer: Bearer): ConnectionTicket {
    return new ConnectionTicket(bearer, shelf);
  }

  async function redeem(ticket: unknown, bearer: Bearer): Promise<boolean> {
    if (typeof ticket !== 'string' || !TICKET.test(ticket)) return false;
    const { observation_id } = bearer;
    if (observation_id !== undefined && !(await observations.push(observation_id))) return false;
    return resumption.take(keyOf(ticket, bearer));
  }

  async function holdAll(keys: string[]): Promise<undefined[]> {
    await resumption.hold(keys);
    return keys.map(() => undefined);
  }

  async function areOpen(ids: string[]): Promise<boolean[]> {
    const { rows } = await db.query<{ id: string }>({ ...OPEN_OBSERVATIONS, values: [ids] });
    const open = new Set(rows.map(({ id }) => id));
    return ids.map((id) => open.has(id));
  }

  /** Many come at once: one statement for all of them. */
  function hold(key: string): Promise<void> {
    return held.push(key);
  }

  return { issue, redeem, close: () => clearInterval(timer) };
}

/** What the tickets of all connections share. */
interface Shelf {
  resumption: Resumption;
  /** Keys of connections that live. */
  live: Set<string>;
  hold(key: string): Promise<void>;
  /** Best effort. */
  say(told: Promise<unknown>): Promise<void>;
}

/** The ticket of one connection. */
export class ConnectionTicket {
  readonly #bearer: Bearer;
  readonly #shelf: Shelf;
  #last: Issued;
  #isOver = false;

  constructor(bearer: Bearer, shelf: Shelf) {
    this.#bearer = bearer;
    this.#shelf = shelf;
    this.#last = makeTicket(bearer);
    shelf.live.add(this.#last.key);
    void shelf.say(shelf.hold(this.#last.key));
  }

  current(): string {
    return this.#last.ticket;
  }

  /**
   * Another in its place, which is good everywhere when `tell` is called: the older one is good no more. Where it cannot be
   * told any more, or the connection has ended meanwhile, the older one stays what it was.
   * @param tell whether it could
   */
  async renew(tell: (ticket: string) => boolean): Promise<void> {
    const { resumption, hold, say } = this.#shelf;
    const next = makeTicket(this.#bearer);
    await say(hold(next.key));
    const older = this.#last;
    // It is the connection's before it is told, because being told may end the connection.
    if (!this.#isOver) this.#become(next);
    const isTold = !this.#isOver && tell(next.ticket);
    if (!isTold && this.#last === next) this.#become(older);
    void say(resumption.drop([isTold ? older.key : next.key]));
  }

  /** The connection has ended. */
  release(): void {
    this.#end((key) => this.#shelf.resumption.release([key]));
  }

  /** The connection lost its right to come back. */
  revoke(): void {
    this.#end((key) => this.#shelf.resumption.drop([key]));
  }

  #become(issued: Issued): void {
    const { live } = this.#shelf;
    live.delete(this.#last.key);
    this.#last = issued;
    live.add(issued.key);
  }

  #end(finish: (key: string) => Promise<void>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shelf.live.delete(this.#last.key);
    void this.#shelf.say(finish(this.#last.key));
  }
}

export function bearerOf(identity: Identity | Ticket, session_id: string): Bearer {
  return { subject: identity.actor.id, session_id, observation_id: 'session_id' in identity ? identity.id : undefined };
}

interface Issued {
  ticket: string;
  key: string;
}

function makeTicket(bearer: Bearer): Issued {
  const ticket = randomBytes(TICKET_BYTES).toString('base64url');
  return { ticket, key: keyOf(ticket, bearer) };
}

function keyOf(ticket: string, { subject, session_id }: Bearer): string {
  const digest = createHash('sha256').update(`${ticket} ${session_id} ${subject}`).digest();
  return digest.subarray(0, TICKET_BYTES).toString('base64url');
}
