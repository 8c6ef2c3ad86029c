/**
 * What an export has of a person, section by section: each a statement that reads a page of it by an index, as the person,
 * so that Postgres itself shows nothing of anybody else. A row tells its instant `at` and a `key`, behind which the next page
 * begins. A test compares them with the tables that name people.
 */
import { type Actor, homeOf } from '../core/definitions/actor.ts';

export interface Section {
  name: string;
  /** `$1` the person, `$2` and `$3` the instant and the key of the last row or null, `$4` how many rows. */
  text: string;
  /** What `$5` is, of what stands with an institution. */
  institutionOf?: (reader: Actor) => string | null;
}

/** Of rows that have an instant and a key, those behind the last one, in order. */
const behind = (at: string, key: string) => `
  ($2::timestamptz is null or ${at} >= $2 and (${at} > $2 or ${key} > $3::text)) order by ${at}, ${key} limit $4`;

const LOGINS = `
  select l.first_seen as at, l.id::text as key, l.id, l.first_seen, l.last_seen, l.expires_at, e.asked_at as end_asked_at,
    case when e.asked_by = l.user_id::text then e.reason end as end_reason, e.ended_at,
    (select coalesce(json_agg(json_build_object('kind', p.kind, 'id', p.mark, 'first_seen', p.first_seen, 'last_seen', p.last_seen)
        order by p.first_seen, p.kind, p.mark), '[]') from login_places p where p.login_id = l.id) as places,
    (select coalesce(json_agg(json_build_object('latitude', p.latitude_tenths / 10.0, 'longitude', p.longitude_tenths / 10.0,
        'first_seen', p.first_seen, 'last_seen', p.last_seen) order by p.first_seen, p.latitude_tenths, p.longitude_tenths), '[]')
      from login_locations p where p.login_id = l.id) as locations
  from logins l left join login_ends e on e.login_id = l.id
  where l.user_id = $1::uuid and l.institution_id is not distinct from $5::uuid and ${behind('l.first_seen', 'l.id::text')}`;

/** Of a telemetry table: its columns, the one with the instant, and the key. */
function ofTelemetry(name: string, columns: string, at: string, key: string): Section {
  const text = `
    select ${at} as at, ${key}::text as key, ${columns} from ${name}
    where institution_id = $5::uuid and user_id = $1::uuid and ${behind(at, `${key}::text`)}`;
  // Some was taken of super_admins whose token named one, and Postgres shows it to such a token alone.
  return { name, text, institutionOf: ({ institution_id }) => institution_id };
}

const STEP_UPS = `
  select asked_at as at, login_id::text as key, login_id, asked_at, asked_for, asked_by, confirmed_at, confirmed_in,
    confirmed_device, confirmed_network
  from step_ups
  where user_id = $1::uuid and ($5::uuid is null or institution_id = $5) and ${behind('asked_at', 'login_id::text')}`;

const CARD = `
  select put_at as at, id::text as key, name, email, phone, put_at from contact_details
  where user_id = $1::uuid and coalesce(name, email, phone) is not null
    and ${behind('put_at', 'id::text')}`;

const NOTICES = `
  select n.created_at as at, n.id::text as key, n.id, n.kind, n.text, n.created_at, r.read_at
  from notices n left join notice_reads r on r.notice_id = n.id and r.user_id = $1::uuid
  where n.audience = 'user:' || ($1::uuid)::text and ${behind('n.created_at', 'n.id::text')}`;

const PREFERENCES = `
  select changed_at as at, user_id::text as key, start, ruling, result, room, device, quiet_from, quiet_to, changed_at
  from notice_preferences
  where user_id = $1::uuid and ${behind('changed_at', 'user_id::text')}`;

const FOLLOWS = `
  select followed_at as at, subject as key, subject, followed_at, ended_at from follows
  where user_id = $1::uuid and ${behind('followed_at', 'subject')}`;

// Of what policies said wherever the person was: a judge may be a guest on another institution's panel.
const DECISION_KEY = `concat_ws(' ', institution_id, command, role, confidence, stepped_up, hour, accepted)`;
const DECISIONS = `
  select slot as at, ${DECISION_KEY} as key, slot, command, role, confidence, stepped_up, hour, accepted, count::integer
  from policy_decisions
  where user_id = $1::uuid and ${behind('slot', DECISION_KEY)}`;

const OUTCOME_KEY = `concat_ws(' ', policy_id, version, command, outcome, lacks)`;
const OUTCOMES = `
  select slot as at, ${OUTCOME_KEY} as key, slot, policy_id, version, command, outcome, lacks, count::integer
  from policy_outcomes
  where user_id = $1::uuid and ${behind('slot', OUTCOME_KEY)}`;

const ERASURES = `
  select asked_at as at, id::text as key, id, asked_at, done_at from privacy_erasures
  where user_id = $1::uuid and institution_id is not distinct from $5::uuid and ${behind('asked_at', 'id::text')}`;

const own = (name: string, text: string): Section => ({ name, text });
const inInstitution = (name: string, text: string): Section => ({ name, text, institutionOf: homeOf });

export const SECTIONS: readonly Section[] = [
  inInstitution('login_sessions', LOGINS),
  inInstitution('step_ups', STEP_UPS),
  own('contact_cards', CARD),
  own('notices', NOTICES),
  own('notice_preferences', PREFERENCES),
  own('follows', FOLLOWS),
  ofTelemetry('telemetry_consents', 'given, own, guardian, decided_at, withdrawn_at', 'decided_at', 'user_id'),
  ofTelemetry('telemetry_risks', 'login_id, assessed_at, risk', 'assessed_at', 'login_id'),
  ofTelemetry('telemetry_models', 'is_active, trained_at, sessions, baseline', 'trained_at', 'id'),
  ofTelemetry('telemetry_batches', 'login_id, started_at, received_at, points, behaviour', 'received_at', 'id'),
  own('policy_decisions', DECISIONS),
  own('policy_outcomes', OUTCOMES),
  inInstitution('erasures', ERASURES),
];
