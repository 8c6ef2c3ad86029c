/** What may stand against a policy. */
import { defineProblems, rejectWith } from '../core/definitions/problem.ts';

export const policyProblems = defineProblems({
  not_observed_long_enough: [
    409,
    'The policy was not observed for long enough',
    'A policy enforces after it has observed for seven days with the rules that it has: what it would have refused is known then.',
    'Look at `GET /policies/<id>/performance`, and come back later. `force` enforces at once.',
  ],
  locks_everybody_out: [
    409,
    'The policy would lock out every admin',
    'No admin who was seen in the last 30 days would pass the rules that `detail` speaks of: role, hours and confidence count.',
    'Allow the role `admin` there, at hours at which admins are here, with a confidence that they have.',
  ],
  no_such_version: [
    409,
    'The policy has no such version',
    'A policy goes back to one of its last 100 versions before the one that holds.',
    'Look at `GET /policies/<id>/evolution`.',
  ],
  not_overridable: [
    409,
    'The policy cannot be lifted for this person',
    'A policy is lifted for people on the roster of a session that has not ended, and for nobody else.',
    'Look at `GET /api/session/<id>/participants`, and whether the session goes on.',
  ],
  too_many_policies: [
    409,
    'The institution has as many policies as it may have',
    'An institution has at most 100 policies, those that are switched off included.',
    'Change one that is there; a policy has up to 50 rules.',
  ],
});

export const reject = rejectWith(policyProblems);
