/**
 * Revoked tokens, as a door or a relay knows them. A token is looked up once when it is met, together with those that
 * come with it; what is revoked later is read each second, and at once where it is announced. So the cost is of what is
 * new, however long the list is, and Postgres alone is relied on: Redis only makes it faster.
 */
import { createBatcher } from '../core/batcher.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import type { Broadcast } from './broadcast/broadcast.ts';
import { followChannel } from './broadcast/followChannel.ts';
import type { Log } from './telemetry/log.ts';

/** The channel that says that there is something new. */
export const REVOCATIONS = 'revocations';

/** What a revocation can name a token by, and whether it was issued before. */
export interface Origin {
  /** An observer's ticket has those of its holder's token too. */
  names: readonly Name[];
  institution_id: string | null;
  role: string;
  /** In seconds since 1970; null counts as long ago. */
  issued_at: number | null;
}

export interface Revocations {
  /** Looks it up. @throws where Postgres is away */
  isRevoked(origin: Origin): Promise<boolean>;
  /** Is it of a login session that was ended? Asked of what is covered. */
  isTerminated(origin: Origin): boolean;
  /** Is its login session to end as soon as the court lets it go? */
  isSuspended(origin: Origin): boolean;
  /** Was it revoked in the last minutes? At least as long ago as a token may be remembered for. */
  covers(origin: Origin): boolean;
  /** Calls back whenever more was revoked. */
  onRevoked(listener: () => void): void;
  close(): void;
}

export const NO_REVOCATIONS: Revocations = {
  isRevoked: async () => false,
  covers: () => false,
  isTerminated: () => false,
  isSuspended: () => false,
  onRevoked: () => {},
  close: () => {},
};

/** How long a token that was looked up may be remembered. */
export const REMEMBERED_MS = 5 * 60_000;
/** A revocation is in sight this long after its time: transactions are far shorter, and clocks of databases closer. */
const OVERLAP_MS = 60_000;
const KEPT_MS = REMEMBERED_MS + 2 * OVERLAP_MS;
/** No login session is suspended for longer. */
const SUSPENDED_MS = 10 * 60_000 + 2 * OVERLAP_MS;
const TOKENS_AT_ONCE = 200;

interface Row {
  claim: Claim | typeof SUSPENDED;
  value: string;
  institution_id: string | null;
  /** In seconds since 1970. */
  revoked_at: number;
}

/** `sub` is the user, `login` the login session, whose tokens end whenever they were issued. */
type Claim = 'jti' | 'sid' | 'sub' | 'login';
export type Name = readonly [claim: Claim, value: string];
/** Of a login session that the court still needs: it may listen, and send nothing. */
const SUSPENDED = 'suspended';

const COLUMNS = 'claim, value, institution_id, extract(epoch from revoked_at)::float8 as revoked_at';

// Of each name the latest, for every institution and for the token's own: never all that were made of one name.
const LOOK_UP = {
  name: 'look-up-revocations',
  text: `
    select distinct r.* from unnest($1::text[], $2::text[], $3::uuid[]) as asked (claim, value, institution_id)
    cross join lateral (
      (select ${COLUMNS} from revocations r where r.value = asked.value and r.claim = asked.claim
        and r.institution_id is null order by r.institution_id, r.revoked_at desc limit 1)
      union all
      (select ${COLUMNS} from revocations r where r.value = asked.value and r.claim = asked.claim
        and r.institution_id = asked.institution_id order by r.revoked_at desc limit 1)
    ) r`,
};

const LATEST = {
  name: 'read-latest-revocations',
  text: `
    select clock_timestamp() as read_at, r.* from (select) as one
    left join (select ${COLUMNS} from revocations
      where revoked_at > (select coalesce($1::timestamptz, clock_timestamp()) - $2 * interval '1 millisecond')) r on true`,
};

/** @param db of role `door` or `relay` */
export function startRevocations({
  db,
  broadcast,
  log,
}: {
  db: Queryable;
  broadcast: Broadcast;
  log: Log;
}): Revocations {
  const recent = createRevoked();
  const listeners = new Set<() => void>();
  const lookUps = createBatcher<Origin, boolean>(TOKENS_AT_ONCE, lookUp, () => true);
  let read_at: string | null = null;

  async function lookUp(origins: Origin[]): Promise<boolean[]> {
    const asked = origins.flatMap(({ names, institution_id }) =>
      names.flatMap(([claim, value]) =>
        (claim === 'login' ? [claim, SUSPENDED] : [claim]).map((one) => [one, value, institution_id] as const),
      ),
    );
    const columns = [0, 1, 2].map((i) => asked.map((name) => name[i]));
    const { rows } = await db.query<Row>({ ...LOOK_UP, values: columns });
    const found = createRevoked();
    found.add(rows);
    // They are not looked up again for as long as they last.
    tellIf(recent.add(rows.filter(({ claim }) => claim === SUSPENDED)));
    return origins.map(found.cover);
  }

  async function readLatest(): Promise<void> {
    const { rows } = await db.query<{ read_at: string } & (Row | { [K in keyof Row]: null })>({
      ...LATEST,
      values: [read_at, OVERLAP_MS],
    });
    read_at = rows[0]!.read_at;
    recent.forget(KEPT_MS);
    tellIf(recent.add(rows.filter((row): row is typeof row & Row => row.claim !== null)));
  }

  function tellIf(isMore: boolean): void {
    if (isMore) for (const listener of listeners) listener();
  }

  const following = followChannel({ broadcast, channel: REVOCATIONS, read: readLatest, log });
  void following.readNow();

  return {
    isRevoked: (origin) => lookUps.push(origin),
    covers: recent.cover,
    isTerminated: recent.coverLogin,
    isSuspended: recent.coverSuspended,
    onRevoked: (listener) => void listeners.add(listener),
    close: following.close,
  };
}

/** Names of tokens, each with until when tokens of it are ended, for every institution or for one. */
function createRevoked() {
  const revoked = new Map<string, { revoked_at: number; seen_at: number }>();
  const lastsFor = (key: string, after_ms: number) => (key.startsWith(SUSPENDED) ? SUSPENDED_MS : after_ms);
  const keyOf = (claim: string, value: string, institution_id: string | null) =>
    `${claim} ${institution_id ?? '*'} ${value}`;

  /** @returns whether there is more than before */
  function add(rows: readonly Row[]): boolean {
    let isMore = false;
    for (const { claim, value, institution_id, revoked_at } of rows) {
      const key = keyOf(claim, value, institution_id);
      if ((revoked.get(key)?.revoked_at ?? Number.NEGATIVE_INFINITY) >= revoked_at) continue;
      revoked.set(key, { revoked_at, seen_at: performance.now() });
      isMore = true;
    }
    return isMore;
  }

  function coverBy(origin: Origin, names: readonly (readonly [claim: Row['claim'], value: string])[]): boolean {
    const { institution_id, role, issued_at } = origin;
    const ends = (claim: Row['claim'], value: string, whose: string | null) => {
      const found = revoked.get(keyOf(claim, value, whose));
      const isOfLogin = claim === 'login' || claim === SUSPENDED;
      return found !== undefined && (isOfLogin || issued_at === null || issued_at <= found.revoked_at);
    };
    // What an admin revokes ends no super_admin's.
    const isOwn = institution_id !== null && role !== 'super_admin';
    return names.some(([claim, value]) => ends(claim, value, null) || (isOwn && ends(claim, value, institution_id)));
  }

  const cover = (origin: Origin) => coverBy(origin, origin.names);
  const ofLogin = ({ names }: Origin) => names.filter(([claim]) => claim === 'login');
  const coverLogin = (origin: Origin) => coverBy(origin, ofLogin(origin));
  const coverSuspended = (origin: Origin) =>
    coverBy(
      origin,
      ofLogin(origin).map(([, value]) => [SUSPENDED, value] as const),
    );

  function forget(after_ms: number): void {
    const now = performance.now();
    for (const [key, { seen_at }] of revoked) if (seen_at < now - lastsFor(key, after_ms)) revoked.delete(key);
  }

  return { add, cover, coverLogin, coverSuspended, forget };
}
