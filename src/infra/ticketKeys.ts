/**
 * The keys of observers' tickets, as the database has them. A ticket is signed by the current one; the next and the last
 * are honoured too, so that a process that has not looked again since a rotation gives no ticket and refuses none that
 * the others do not.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Queryable } from '../core/sql/queryable.ts';
import type { Log } from './telemetry/log.ts';
import { timings } from './timings.ts';

export interface TicketKeys {
  signing(): KeyObject;
  /** The likeliest first. */
  honoured(): readonly KeyObject[];
}

export interface FollowedKeys extends TicketKeys {
  /** Looks now. */
  refresh(): Promise<void>;
  close(): void;
}

const SECRETS = 'select secret, next_secret, last_secret from ticket_secrets';

interface Secrets {
  secret: string;
  next_secret: string;
  last_secret: string | null;
}

/** @param db of a role that may know them. @throws where they cannot be read at start */
export async function followTicketKeys(db: Queryable, log: Pick<Log, 'warn'>): Promise<FollowedKeys> {
  let keys = await readKeys(db);
  const refresh = async () => {
    keys = await readKeys(db);
  };
  const timer = setInterval(() => {
    refresh().catch((err) => log.warn({ err }, 'reading ticket keys failed; those of before stay'));
  }, timings.tickets.read_again_ms).unref();
  return { signing: () => keys[0]!, honoured: () => keys, refresh, close: () => clearInterval(timer) };
}

/** For what needs no database. */
export function ticketKeysOf(...secrets: string[]): TicketKeys {
  const keys = secrets.map(keyOf);
  return { signing: () => keys[0]!, honoured: () => keys };
}

async function readKeys(db: Queryable): Promise<KeyObject[]> {
  const { rows } = await db.query<Secrets>(SECRETS);
  const { secret, next_secret, last_secret } = rows[0]!;
  return [secret, next_secret, last_secret].flatMap((one) => (one === null ? [] : [keyOf(one)]));
}

const keyOf = (secret: string) => createSecretKey(Buffer.from(secret, 'utf8'));
