/**
 * What is kept for a time only, and has no job of its own: ticks of the schedule, old health reports, verdicts,
 * observations that were never begun, revocations, contact cards that were written and are no longer, or never were, current.
 */
import { defineJob } from '../job.ts';

const BATCH = 1_000;

/** [what, the statement that removes a batch of it]. The newest tick of a job stays: the next is reckoned from it. */
export const SWEEPS: [what: string, text: string][] = [
  [
    'ticks',
    `delete from schedule_ticks where (name, slot) in (
       select t.name, t.slot from schedule_ticks t
       where t.finished_at < clock_timestamp() - interval '30 days'
         and exists (select from schedule_ticks o where o.name = t.name and o.slot > t.slot and o.term is not null)
       limit $1)`,
  ],
  [
    'health_reports',
    `delete from health_reports where slot in (
       select slot from health_reports where made_at < clock_timestamp() - interval '90 days' limit $1)`,
  ],
  [
    'integrity_runs',
    `delete from integrity_runs where id in (
       select id from integrity_runs where finished_at < clock_timestamp() - interval '30 days' limit $1)`,
  ],
  [
    // They never had a socket, and so count in no attendance.
    'observations',
    `delete from session_observations where id in (
       select id from session_observations
       where left_at = observed_at and observed_at < (select clock_timestamp()) - interval '30 days'
       order by observed_at limit $1)`,
  ],
  [
    // Of sessions that are long over, of keys that no worker has any more, and of streams of which a worker of an older
    // version, which knows of no snapshots, erased something.
    'stream_states',
    `delete from stream_states where (stream, key_id) in (
       select stream, key_id from stream_states s
       where stored_at < (select clock_timestamp()) - interval '1 day'
         or erased <> (select count(*) from erasures x where x.stream = s.stream)
       limit $1)`,
  ],
  [
    'revocations',
    `delete from revocations where (id, claim) in (
       select id, claim from revocations where kept_until < (select clock_timestamp())
       order by kept_until limit $1)`,
  ],
  [
    // Put aside for a command that was refused, or that another one overtook.
    'contact_details',
    `delete from contact_details where id in (
       select d.id from contact_details d
       where d.put_at < (select clock_timestamp()) - interval '1 day'
         and not exists (select from contact_cards c where c.id = d.user_id and c.details_id = d.id)
         and not exists (select from commands c where c.id = d.id and c.status = 'accepted')
       order by d.put_at limit $1)`,
  ],
  [
    'privacy_erasures',
    `delete from privacy_erasures where id in (
       select id from privacy_erasures where done_at < (select clock_timestamp()) - interval '30 days' order by done_at limit $1)`,
  ],
  [
    // Their answers name people.
    'feed_runs',
    `delete from feed_runs where id in (
       select id from feed_runs where finished_at < (select clock_timestamp()) - interval '7 days' limit $1)`,
  ],
  [
    'feed_conflicts',
    `delete from feed_conflicts where (feed_id, n) in (
       select feed_id, n from feed_conflicts where settled_at < (select clock_timestamp()) - interval '30 days' limit $1)`,
  ],
  [
    // That a person was invited stays on record.
    'feed_invites',
    `delete from feed_invites where (feed_id, provider_id) in (
       select feed_id, provider_id from feed_invites
       where expires_at < (select clock_timestamp()) - interval '30 days' order by expires_at limit $1)`,
  ],
  [
    'match_results',
    `delete from match_results where id in (
       select id from match_results where noted_at < (select clock_timestamp()) - interval '90 days' limit $1)`,
  ],
  [
    'policy_decisions',
    `delete from policy_decisions where ctid = any(array(
       select ctid from policy_decisions where slot < (select clock_timestamp()) - interval '30 days' limit $1))`,
  ],
  [
    'policy_outcomes',
    `delete from policy_outcomes where ctid = any(array(
       select ctid from policy_outcomes where slot < (select clock_timestamp()) - interval '30 days' limit $1))`,
  ],
  // Kept for as long as their feed is, and a month.
  ['feed_people', withFeed('feed_people', 'feed_id, provider_id')],
  ['feed_mappings', withFeed('feed_mappings', 'feed_id, entity_type, provider_id')],
  ['feed_conflicts_open', withFeed('feed_conflicts', 'feed_id, n')],
  ['feed_states', withFeed('feed_states', 'feed_id')],
];

/** @param key the columns of its primary key */
function withFeed(table: string, key: string): string {
  const columns = key.replace(/\w+/g, 't.$&');
  return `delete from ${table} where (${key}) in (
       select ${columns} from feeds f join ${table} t on t.feed_id = f.id
       where f.state = 'removed' and f.changed_at < (select clock_timestamp()) - interval '30 days' limit $1)`;
}

export const sweepExpired = defineJob({
  name: 'sweep.expired',
  summary:
    'Removes ticks, verdicts, decisions of policies and observations without a socket after 30 days, health reports after 90, and revocations that end nothing any more',
  most_ms: 5 * 60_000,
  async run({ pool, progress, isOver }) {
    const removed: Record<string, number> = {};
    for (const [what, text] of SWEEPS) {
      removed[what] = 0;
      for (let count = BATCH; count === BATCH && !isOver(); ) {
        count = (await pool.query(text, [BATCH])).rowCount ?? 0;
        removed[what] += count;
        await progress(Object.values(removed).reduce((sum, n) => sum + n, 0));
      }
    }
    return removed;
  },
});
