/** The tasks that documents of others name: each is there under its name and at its time. */
import { expect, test } from 'vitest';
import { onDemand, timetable } from '../../jobs/schedule.ts';

const HOURLY = /^\d+ \* \* \* \*$/;
const ON_DEMAND = null;

/** [name, when it is due (UTC)] */
const DOCUMENTED: [name: string, due: string | RegExp | null][] = [
  ['train_behavioral_models', '0 2 * * *'],
  ['update_threat_models', '0 1 * * 0'],
  ['train_user_behavioral_model', ON_DEMAND],
  ['update_behavioral_baseline', ON_DEMAND],
  ['cleanup_old_models', '0 1 * * 3'],
  ['optimize_policies', '0 3 * * *'],
  ['calculate_policy_effectiveness', ON_DEMAND],
  ['track_policy_outcome', ON_DEMAND],
  ['simulate_policy_change', ON_DEMAND],
  ['rollback_policy', ON_DEMAND],
  ['check_policy_health', HOURLY],
  ['record_audit_event', ON_DEMAND],
  ['sync_audit_trail', '*/5 * * * *'],
  ['verify_audit_integrity', ON_DEMAND],
  ['batch_record_events', ON_DEMAND],
  ['store_large_data_ipfs', ON_DEMAND],
  ['check_blockchain_health', HOURLY],
  ['cleanup_old_blockchain_records', '0 2 1 * *'],
  ['monitor_active_sessions', '*/30 * * * * *'],
  ['check_session_risk', ON_DEMAND],
  ['generate_threat_predictions', '0 */6 * * *'],
  ['run_threat_detections', HOURLY],
  ['calculate_prediction_accuracy', '0 4 * * *'],
  ['cleanup_expired_sessions', HOURLY],
  ['cleanup_old_behavioral_data', '0 1 * * 1'],
  ['cleanup_old_threat_predictions', '0 1 * * 2'],
  ['cleanup_old_notifications', '0 5 * * *'],
  ['cleanup_cache', '0 */6 * * *'],
  ['generate_system_health_report', '0 6 * * *'],
];

const lines = new Map<string, string | null>([
  ...onDemand.map(({ job }) => [job.name, ON_DEMAND] as const),
  ...timetable.map(({ job, cron }) => [job.name, cron] as const),
]);

test('there are 29 of them', () => {
  expect(new Set(DOCUMENTED.map(([name]) => name)).size).toBe(29);
});

test('none is missing', () => {
  const missing = DOCUMENTED.filter(([name]) => !lines.has(name));
  expect(missing).toEqual([]);
});

test('each is due when it is documented', () => {
  for (const [name, due] of DOCUMENTED) {
    const cron = lines.get(name);
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
