/**
 * Compares what the feeds of an institution say of the same matches, after each is stored, in a transaction of role `feeds`.
 * Feeds speak of one match where the same teams meet at nearly the same time. What says nothing new is found without a lock.
 * A court's record is touched by none of it.
 */
import { groupBy } from '../../core/groupBy.ts';
import { readClock } from '../../core/sql/databaseClock.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { isSame } from './changes.ts';
import type { Score } from './match.ts';
import type { KnownState, MatchChange, Next } from './nextState.ts';
import { SAME_WITHIN_MS } from './pair.ts';
import { LOCK, ROW, type WithinTransaction } from './storeMatches.ts';
import { type LastResult, verifiedState } from './verifiedState.ts';
import { type Claim, type Dispute, verdictOf } from './verify.ts';
import { writeMatches } from './writeMatches.ts';

/** Other feeds of an institution that are looked at. */
const MOST_PEERS = 8;
/** How long what feeds disagree about is kept. */
const KEPT_DAYS = 7;

/** Matches, withdrawn ones too, with those of other feeds that are the same, of each feed the nearest in time. */
const PEERS = `
  select m.id as match_id, o.id as peer_id from matches m
  cross join lateral (
    select * from (
      select distinct on (n.feed_id) n.id, n.feed_id from matches n
      where n.institution_id = m.institution_id and n.pair = m.pair and n.feed_id <> m.feed_id and n.published
        and n.listed_at between m.listed_at - interval '${SAME_WITHIN_MS} milliseconds'
          and m.listed_at + interval '${SAME_WITHIN_MS} milliseconds'
      order by n.feed_id, abs(extract(epoch from n.listed_at - m.listed_at)), n.id
    ) nearest order by feed_id limit ${MOST_PEERS}
  ) o
  where m.id = any($1::uuid[]) and m.pair is not null`;

/** A draw may have been taken back since its matches were found. */
const STORED = `
  select s.version, s.seq, s.state, s.stats, s.claim, s.source, ${ROW} as row,
    (select json_build_object('confidence', e.confidence, 'details', e.details) from match_events e
      where e.match_id = m.id and e.kind = 'result' and not e.superseded order by e.seq desc limit 1) as last
  from match_state s join matches m on m.id = s.match_id where s.match_id = any($1::uuid[]) and m.published`;

/** A disagreement that is as it was found is not found again. */
const DISPUTE = `
  insert into match_disputes (match_id, other_id, institution_id, scores, found_at, kept_until)
  select n.*, $2::timestamptz, $2::timestamptz + interval '${KEPT_DAYS} days'
  from json_to_recordset($1) as n (match_id uuid, other_id uuid, institution_id uuid, scores json)
  order by match_id, other_id
  on conflict (match_id, other_id) do update set scores = excluded.scores, found_at = excluded.found_at,
    kept_until = excluded.kept_until
  where match_disputes.scores::jsonb <> excluded.scores::jsonb`;

const KNOWN_DISPUTES = `
  select match_id, other_id, scores from match_disputes where match_id = any($1::uuid[]) or other_id = any($1::uuid[])`;

/** Of each match the same ones of other feeds. */
type Peers = ReadonlyMap<string, readonly string[]>;

type Stored = Omit<KnownState, 'known'> & { last: LastResult | null };

interface Found {
  next: Next[];
  disputes: (Dispute & { institution_id: string })[];
}

/**
 * @param db of role `feeds`
 * @param match_ids that were changed; those of other feeds that are the same are looked at with them
 * @returns what is to be published, now that it is committed
 */
export async function verifyMatches(
  db: Queryable,
  within: WithinTransaction,
  match_ids: readonly string[],
): Promise<MatchChange[]> {
  if (match_ids.length === 0) return [];
  const changed = await readPeers(db, match_ids);
  if ([...changed.values()].every(({ length }) => length === 0)) return [];
  const peers = await readPeers(db, idsOf(changed));
  const found = await compare(db, peers);
  if (found.next.length === 0 && found.disputes.length === 0) return [];
  return within((own) => store(own, peers));
}

async function readPeers(db: Queryable, ids: readonly string[]): Promise<Peers> {
  const { rows } = await db.query<{ match_id: string; peer_id: string }>(PEERS, [ids]);
  const byMatch = groupBy(rows, ({ match_id }) => match_id);
  // Also of those that have none any more: what they agreed with is gone.
  return new Map(ids.map((id) => [id, (byMatch.get(id) ?? []).map(({ peer_id }) => peer_id)]));
}

async function store(db: Queryable, peers: Peers): Promise<MatchChange[]> {
  await db.query(LOCK, [idsOf(peers)]);
  const { next, disputes } = await compare(db, peers);
  const now = await readClock(db);
  const changes = next.length > 0 ? await writeMatches(db, next, now) : [];
  if (disputes.length > 0) {
    const rows = disputes.map(({ match_ids: [match_id, other_id], ...rest }) => ({ match_id, other_id, ...rest }));
    await db.query(DISPUTE, [JSON.stringify(rows), now]);
  }
  return changes;
}

const idsOf = (peers: Peers) => [...new Set([...peers.keys(), ...[...peers.values()].flat()])];

/** What there is to do. */
async function compare(db: Queryable, peers: Peers): Promise<Found> {
  const ids = idsOf(peers);
  const { rows } = await db.query<Stored>(STORED, [ids]);
  const now = await readClock(db);
  const stored = new Map(rows.map((row) => [row.row.id, row]));
  const next: Next[] = [];
  const disputes = new Map<string, Found['disputes'][number]>();
  for (const [id, others] of peers) {
    const own = stored.get(id);
    if (!own) continue;
    const verdict = verdictOf(claimOf(own), others.flatMap((other) => stored.get(other) ?? []).map(claimOf));
    for (const dispute of verdict.disputes) {
      disputes.set(dispute.match_ids.join(), { ...dispute, institution_id: own.row.institution_id });
    }
    const { last, ...current } = own;
    const verified = verifiedState(current, verdict.agreed, last, now);
    if (verified) next.push(verified);
  }
  return { next, disputes: await withoutKnown(db, [...disputes.values()]) };
}

function claimOf({ row, state, claim }: Stored): Claim {
  return { match_id: row.id, visibility: row.visibility, teams: state, score: claim };
}

async function withoutKnown(db: Queryable, disputes: Found['disputes']): Promise<Found['disputes']> {
  if (disputes.length === 0) return [];
  const ids = [...new Set(disputes.flatMap(({ match_ids }) => match_ids))];
  type Row = { match_id: string; other_id: string; scores: [Score, Score] };
  const { rows } = await db.query<Row>(KNOWN_DISPUTES, [ids]);
  const known = new Map(rows.map(({ match_id, other_id, scores }) => [`${match_id},${other_id}`, scores]));
  return disputes.filter(({ match_ids, scores }) => !isSame(known.get(match_ids.join()), scores));
}

/** Changed in the last minutes, by the index of updates; of more the newest. */
const LATEST = `
  select s.match_id from match_state s join matches m on m.id = s.match_id
  where s.updated_at > (select clock_timestamp() - interval '2 minutes') and s.claim is not null and m.pair is not null
  order by s.updated_at desc limit 500`;

export async function findUnverified(db: Queryable): Promise<string[]> {
  return (await db.query<{ match_id: string }>(LATEST)).rows.map(({ match_id }) => match_id);
}
