/** The models that admins asked for, a minute or two after they did. */
import { defineJob } from '../job.ts';
import { ASKED_FOR, trainPeople } from './trainPeople.ts';

export const trainAsked = defineJob({
  name: 'train_user_behavioral_model',
  summary: 'Makes the models that admins asked for by POST /telemetry/models/<user_id>/train',
  most_ms: 5 * 60_000,
  run: (tools) => trainPeople(tools, ASKED_FOR),
});
