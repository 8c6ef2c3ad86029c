/** The examples in documents tell of one match, and of one session of it. */
import { exampleId, EXAMPLE as OF_ALL } from '../core/definitions/exampleValues.ts';

export const EXAMPLE = {
  ...OF_ALL,
  assignment_id: exampleId('10'),
  session_id: exampleId('12'),
  turn_id: exampleId('20'),
  objection_id: exampleId('21'),
  exhibit_id: exampleId('22'),
  petitioner: { user_id: OF_ALL.user_id, name: 'Ada Petrova' },
  respondent: { user_id: exampleId('18'), name: 'Rui Santos' },
  judge: { user_id: exampleId('19'), name: 'Judge Okafor' },
} as const;
