/** The migrations in order, by name. Their names are kept in the database, so a listed name never changes. CONTRIBUTING.md has their rules. */
import type { Knex } from 'knex';
import * as record from './0001_record.ts';
import * as inbox from './0002_inbox.ts';
import * as court from './0003_court.ts';
import * as schedule from './0004_schedule.ts';
import * as findings from './0005_findings.ts';
import * as tenancy from './0006_tenancy.ts';
import * as trace from './0007_trace.ts';
import * as schemaVersion from './0008_schema_version.ts';
import * as turns from './0009_turns.ts';
import * as exhibits from './0010_exhibits.ts';
import * as people from './0011_people.ts';
import * as applying from './0012_applying.ts';
import * as integrityRuns from './0013_integrity_runs.ts';
import * as backlog from './0015_backlog.ts';
import * as guards from './0018_guards.ts';
import * as revocations from './0020_revocations.ts';
import * as observers from './0022_observers.ts';
import * as corrections from './0023_corrections.ts';
import * as evening from './0024_evening.ts';
import * as log from './0025_log.ts';
import * as checkpoints from './0026_checkpoints.ts';
import * as runLevels from './0028_run_levels.ts';
import * as erasures from './0030_erasures.ts';
import * as restores from './0031_restores.ts';
import * as ticketSecrets from './0032_ticket_secrets.ts';
import * as growth from './0033_growth.ts';
import * as schemaRange from './0034_schema_range.ts';
import * as lists from './0037_lists.ts';
import * as jobReports from './0038_job_reports.ts';
import * as vacuum from './0039_vacuum.ts';
import * as gallery from './0040_gallery.ts';
import * as lapsedPayloads from './0041_lapsed_payloads.ts';
import * as galleryVisits from './0042_gallery_visits.ts';
import * as contact from './0046_contact.ts';
import * as streamStates from './0048_stream_states.ts';
import * as institutions from './0054_institutions.ts';
import * as guardBans from './0055_guard_bans.ts';
import * as galleryNotices from './0056_gallery_notices.ts';
import * as feeds from './0058_feeds.ts';
import * as feedImports from './0059_feed_imports.ts';
import * as matches from './0060_matches.ts';
import * as boards from './0061_boards.ts';
import * as invitesAndResults from './0063_invites_and_results.ts';
import * as authorsOfBefore from './0068_authors_of_before.ts';
import * as feedTargets from './0070_feed_targets.ts';
import * as audit from './0071_audit.ts';
import * as auditIndex from './0072_audit_index.ts';
import * as telemetry from './0073_telemetry.ts';
import * as notices from './0074_notices.ts';
import * as logins from './0076_logins.ts';
import * as loginEnds from './0077_login_ends.ts';
import * as guestReports from './0085_guest_reports.ts';
import * as feedRunTokens from './0086_feed_run_tokens.ts';
import * as openByKey from './0087_open_by_key.ts';
import * as auditRefusals from './0088_audit_refusals.ts';
import * as policies from './0091_policies.ts';
import * as telemetryModels from './0093_telemetry_models.ts';
import * as threats from './0094_threats.ts';
import * as threatPeople from './0095_threat_people.ts';
import * as threatNetworks from './0096_threat_networks.ts';
import * as stepUps from './0097_step_ups.ts';
import * as loginLocations from './0100_login_locations.ts';
import * as privacy from './0101_privacy.ts';
import * as policyWork from './0102_policy_work.ts';
import * as seenPerson from './0108_seen_person.ts';
import * as toldDevices from './0109_told_devices.ts';
import * as toldDisputes from './0111_told_disputes.ts';
import * as untoldDisputes from './0112_untold_disputes.ts';
import * as loginEndsOver from './0113_login_ends.ts';
import * as toldThreats from './0114_told_threats.ts';
import * as untoldThreats from './0115_untold_threats.ts';
import * as peopleIndexes from './0116_people_indexes.ts';
import * as stepUpPlaces from './0117_step_up_places.ts';
import * as ownDecisions from './0118_own_decisions.ts';
import * as nearMatches from './0122_near_matches.ts';
import * as feedsInOrder from './0123_feeds_in_order.ts';
import * as untoldAgain from './0135_untold_again.ts';
import * as openSessions from './0136_open_sessions.ts';
import * as unfinishedCommands from './0137_unfinished_commands.ts';

export interface Migration extends Knex.Migration {
  name: string;
  /** The oldest migration that a process must know to run beside this one; without it none may that does not know this one. */
  accepts?: string;
}

export const migrations: Migration[] = [
  { name: '0001_record', ...record },
  { name: '0002_inbox', ...inbox },
  { name: '0003_court', ...court },
  { name: '0004_schedule', ...schedule },
  { name: '0005_findings', ...findings },
  { name: '0006_tenancy', ...tenancy },
  { name: '0007_trace', ...trace },
  { name: '0008_schema_version', ...schemaVersion },
  { name: '0009_turns', ...turns },
  { name: '0010_exhibits', ...exhibits },
  { name: '0011_people', ...people },
  { name: '0012_applying', ...applying },
  { name: '0013_integrity_runs', ...integrityRuns },
  { name: '0015_backlog', ...backlog },
  { name: '0018_guards', ...guards },
  { name: '0020_revocations', ...revocations },
  { name: '0022_observers', ...observers },
  { name: '0023_corrections', ...corrections },
  { name: '0024_evening', ...evening },
  { name: '0025_log', ...log },
  { name: '0026_checkpoints', ...checkpoints },
  { name: '0028_run_levels', ...runLevels },
  { name: '0030_erasures', ...erasures },
  { name: '0031_restores', ...restores },
  { name: '0032_ticket_secrets', ...ticketSecrets },
  { name: '0033_growth', ...growth },
  { name: '0034_schema_range', ...schemaRange },
  { name: '0037_lists', ...lists },
  { name: '0038_job_reports', ...jobReports },
  { name: '0039_vacuum', ...vacuum },
  { name: '0040_gallery', ...gallery },
  { name: '0041_lapsed_payloads', ...lapsedPayloads },
  { name: '0042_gallery_visits', ...galleryVisits },
  { name: '0046_contact', ...contact },
  { name: '0048_stream_states', ...streamStates, accepts: '0039_vacuum' },
  { name: '0054_institutions', ...institutions },
  { name: '0055_guard_bans', ...guardBans },
  { name: '0056_gallery_notices', ...galleryNotices },
  { name: '0058_feeds', ...feeds },
  { name: '0059_feed_imports', ...feedImports },
  { name: '0060_matches', ...matches },
  { name: '0061_boards', ...boards },
  { name: '0063_invites_and_results', ...invitesAndResults },
  { name: '0068_authors_of_before', ...authorsOfBefore },
  { name: '0070_feed_targets', ...feedTargets },
  { name: '0071_audit', ...audit },
  { name: '0072_audit_index', ...auditIndex },
  { name: '0073_telemetry', ...telemetry },
  { name: '0074_notices', ...notices },
  { name: '0076_logins', ...logins },
  { name: '0077_login_ends', ...loginEnds },
  { name: '0085_guest_reports', ...guestReports },
  { name: '0086_feed_run_tokens', ...feedRunTokens },
  { name: '0087_open_by_key', ...openByKey },
  { name: '0088_audit_refusals', ...auditRefusals },
  { name: '0091_policies', ...policies },
  { name: '0093_telemetry_models', ...telemetryModels },
  { name: '0094_threats', ...threats },
  { name: '0095_threat_people', ...threatPeople },
  { name: '0096_threat_networks', ...threatNetworks },
  { name: '0097_step_ups', ...stepUps },
  { name: '0100_login_locations', ...loginLocations },
  { name: '0101_privacy', ...privacy },
  { name: '0102_policy_work', ...policyWork },
  { name: '0108_seen_person', ...seenPerson },
  { name: '0109_told_devices', ...toldDevices },
  { name: '0111_told_disputes', ...toldDisputes },
  { name: '0112_untold_disputes', ...untoldDisputes },
  { name: '0113_login_ends', ...loginEndsOver },
  { name: '0114_told_threats', ...toldThreats },
  { name: '0115_untold_threats', ...untoldThreats },
  { name: '0116_people_indexes', ...peopleIndexes },
  { name: '0117_step_up_places', ...stepUpPlaces },
  { name: '0118_own_decisions', ...ownDecisions },
  { name: '0122_near_matches', ...nearMatches },
  { name: '0123_feeds_in_order', ...feedsInOrder },
  { name: '0135_untold_again', ...untoldAgain },
  { name: '0136_open_sessions', ...openSessions },
  { name: '0137_unfinished_commands', ...unfinishedCommands },
];
