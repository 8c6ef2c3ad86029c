/** The seven features of everybody who was seen within a day, every six hours, and the threats that they make. */
import { featuresOf, type Known } from '../../src/threats/features.ts';
import { readShifts } from '../../src/threats/models.ts';
import { predict, type Shifts } from '../../src/threats/predict.ts';
import { NOBODY, type Person, readPeople } from '../../src/threats/readPeople.ts';
import type { Found } from '../../src/threats/threat.ts';
import { defineJob } from '../job.ts';
import { countActivity } from './countActivity.ts';
import { keepThreats, NOTHING_KEPT, sumOf } from './keepThreats.ts';

function foundOf({ institution_id, user_id: subject }: Person, known: Known, shifts: Shifts | undefined): Found[] {
  const numbers = featuresOf(known);
  const prediction = predict(numbers, shifts);
  if (!prediction) return [];
  const { type, confidence, indicators } = prediction;
  const whose = { institution_id, found_by: 'features', subject_kind: 'user', subject } as const;
  return [{ ...whose, type, confidence, evidence: { numbers, indicators } }];
}

export const generatePredictions = defineJob({
  name: 'generate_threat_predictions',
  summary:
    'Reckons the seven features of everybody who was seen within a day, keeps what is a threat, and tells admins',
  most_ms: 30 * 60_000,
  async run(tools) {
    const { pool, progress, isOver } = tools;
    const counted = await countActivity(pool, isOver);
    let kept = NOTHING_KEPT;
    let assessed = 0;
    for (let after = NOBODY; ; ) {
      if (isOver()) return { counted, assessed, ...kept, is_complete: false };
      const people = await readPeople(pool as never, after);
      if (people.length === 0) return { counted, assessed, ...kept, is_complete: true };
      const shifts = await readShifts(
        pool as never,
        people.map(({ person }) => person.institution_id),
      );
      const found = people.flatMap(({ person, known }) => foundOf(person, known, shifts.get(person.institution_id)));
      kept = sumOf(kept, await keepThreats(tools, found));
      assessed += people.length;
      after = people.at(-1)!.person;
      await progress(assessed);
    }
  },
});
