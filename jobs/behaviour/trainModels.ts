/** A model for each person who agreed to telemetry, every night, those first who waited longest. */
import { BASELINE_DAYS, LEAST_SESSIONS } from '../../src/behaviour/risk/baseline.ts';
import { defineJob } from '../job.ts';
import { EVERYBODY, trainPeople } from './trainPeople.ts';

export const trainModels = defineJob({
  name: 'train_behavioral_models',
  summary: `Makes a model of each person who agreed to telemetry, from ${LEAST_SESSIONS} login sessions of ${BASELINE_DAYS} days on`,
  most_ms: 30 * 60_000,
  run: (tools) => trainPeople(tools, EVERYBODY),
});
