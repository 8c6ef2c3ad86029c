/** The seven features of everybody who was seen within a day, every six hours, and the threats that they make. */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { featuresOf, type Known } from '../../src/threats/features.ts';
import { readShifts } from '../../src/threats/models.ts';
import { predict, type Shifts } from '../../src/threats/predict.ts';
import { NOBODY, type Person, readKnown, readSeen, type Seen } from '../../src/threats/readPeople.ts';
import type { Found } from '../../src/threats/threat.ts';
import { defineJob } from '../job.ts';
import { countActivity } from './countActivity.ts';
import { inTurns } from './inTurns.ts';
import { keepThreats, NOTHING_KEPT, sumOf } from './keepThreats.ts';
import { tellThreats } from './tellThreats.ts';

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
    const db = pool as never as Queryable;
    const counted = await countActivity(pool, isOver);
    const turns = inTurns();
    let kept = NOTHING_KEPT;
    let assessed = 0;
    for (let after: Person = NOBODY; ; ) {
      const seen = isOver() ? undefined : await readSeen(db, after);
      if (seen === undefined || seen.length === 0) {
        const told = await tellThreats(tools);
        turns.end();
        return { counted, assessed, ...kept, told, is_complete: seen !== undefined };
      }
      await turns.take(async () => {
        const found = await findAmong(db, seen);
        kept = sumOf(kept, await keepThreats(tools, found));
        assessed += seen.length;
      });
      after = seen.at(-1)!;
      await progress(assessed);
    }
  },
});

async function findAmong(db: Queryable, seen: readonly Seen[]): Promise<Found[]> {
  const shifts = await readShifts(
    db,
    seen.map(({ institution_id }) => institution_id),
  );
  const people = await readKnown(db, seen);
  return people.flatMap(({ person, known }) => foundOf(person, known, shifts.get(person.institution_id)));
}
