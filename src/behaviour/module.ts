/** Behaviour: telemetry of those who agreed to it, and how far a login session is from what is usual. Nothing of it is on record. */
import { defineModule } from '../core/definitions/module.ts';
import { behaviourProblems } from './behaviourProblems.ts';

export const behaviour = defineModule({
  name: 'behaviour',
  problems: behaviourProblems,
  private_names: ['guardian_name'],
});
