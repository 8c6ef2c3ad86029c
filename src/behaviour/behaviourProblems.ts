/** What may stand against telemetry. */
import { defineProblems, rejectWith } from '../core/definitions/problem.ts';

export const behaviourProblems = defineProblems({
  no_consent: [
    403,
    'There is no consent',
    'Telemetry is taken of nobody who has not agreed to it, or of whom a guardian has refused it. Nothing of this request is stored.',
    'Ask the person, and send `POST /telemetry/consent`; until then collect nothing.',
  ],
});

export const reject = rejectWith(behaviourProblems);
