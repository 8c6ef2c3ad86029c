/** The tasks that documents of others name: each is there under its name and at its time, once its module is. */
import { expect, test } from 'vitest';
import { onDemand, timetable } from '../../jobs/schedule.ts';

const HOURLY = /^\d+ \* \* \* \*$/;
const ON_DEMAND = null;

/** [name, when it is due (UTC), whose it is] */
const DOCUMENTED: [name: string, due: string | RegExp | null, owner: string][] = [
  ['train_behavioral_models', '0 2 * * *', 'behaviour'],
  ['update_threat_models', '0 1 * * 0', 'threats'],
  ['train_user_behavioral_model', ON_DEMAND, 'behaviour'],
  ['update_behavioral_baseline', ON_DEMAND, 'behaviour'],
  ['cleanup_old_models', '0 1 * * 3', 'behaviour'],
  ['optimize_policies', '0 3 * * *', 'policies'],
  ['calculate_policy_effectiveness', ON_DEMAND, 'policies'],
  ['track_policy_outcome', ON_DEMAND, 'policies'],
  ['simulate_policy_change', ON_DEMAND, 'policies'],
  ['rollback_policy', ON_DEMAND, 'policies'],
  ['check_policy_health', HOURLY, 'policies'],
  ['record_audit_event', ON_DEMAND, 'audit'],
  ['sync_audit_trail', '*/5 * * * *', 'audit'],
  ['verify_audit_integrity', ON_DEMAND, 'audit'],
  ['batch_record_events', ON_DEMAND, 'audit'],
  ['store_large_data_ipfs', ON_DEMAND, 'audit'],
  ['check_blockchain_health', HOURLY, 'audit'],
  ['cleanup_old_blockchain_records', '0 2 1 * *', 'audit'],
  ['monitor_active_sessions', '*/30 * * * * *', 'logins'],
  ['check_session_risk', ON_DEMAND, 'behaviour'],
  ['generate_threat_predictions', '0 */6 * * *', 'threats'],
  ['run_threat_detections', HOURLY, 'threats'],
  ['calculate_prediction_accuracy', '0 4 * * *', 'threats'],
  ['cleanup_expired_sessions', HOURLY, 'logins'],
  ['cleanup_old_behavioral_data', '0 1 * * 1', 'behaviour'],
  ['cleanup_old_threat_predictions', '0 1 * * 2', 'threats'],
  ['cleanup_old_notifications', '0 5 * * *', 'notices'],
  ['cleanup_cache', '0 */6 * * *', 'upkeep'],
  ['generate_system_health_report', '0 6 * * *', 'upkeep'],
];

/** Modules that are not whole yet: their tasks may be missing. A module that is whole is taken out. */
const TO_COME = new Set(['audit', 'logins', 'notices']);

const lines = new Map<string, string | null>([
  ...onDemand.map(({ job }) => [job.name, ON_DEMAND] as const),
  ...timetable.map(({ job, cron }) => [job.name, cron] as const),
]);

test('there are 29 of them', () => {
  expect(new Set(DOCUMENTED.map(([name]) => name)).size).toBe(29);
});

test('none is missing of a module that is whole', () => {
  const missing = DOCUMENTED.filter(([name, , owner]) => !lines.has(name) && !TO_COME.has(owner));
  expect(missing).toEqual([]);
});

test('those that are there are due when it is documented', () => {
  for (const [name, due] of DOCUMENTED) {
    const cron = lines.get(name);
    if (cron === undefined) continue;
    if (due instanceof RegExp) expect(cron, name).toMatch(due);
    // What is run when it is asked for may have a time besides.
    else if (due !== ON_DEMAND) expect(cron, name).toBe(due);
  }
});

test('what has a name of that kind is one of them', () => {
  const documented = DOCUMENTED.map(([name]) => name);
  const others = [...lines.keys()].filter((name) => !name.includes('.'));
  expect(others.filter((name) => !documented.includes(name))).toEqual([]);
});
