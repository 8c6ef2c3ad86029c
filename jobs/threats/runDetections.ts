/** The three detectors, every hour, of each institution by itself; before them, what they count from is swept after its time. */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { isBruteForce, isCoordinated, isEscalation } from '../../src/threats/detectors.ts';
import {
  readFromAddresses,
  readInstitutions,
  readRefusedPeople,
  readRefusedRoutes,
} from '../../src/threats/readAttempts.ts';
import { DETECTORS, FOUND_CONFIDENCE } from '../../src/threats/rules.ts';
import type { Found } from '../../src/threats/threat.ts';
import { defineJob, type JobTools } from '../job.ts';
import { countActivity } from './countActivity.ts';
import { inTurns, type Turns } from './inTurns.ts';
import { type Kept, keepThreats, NOTHING_KEPT, sumOf } from './keepThreats.ts';
import { type Swept, sweepThreats } from './sweepThreats.ts';
import { tellThreats } from './tellThreats.ts';

const SWEPT: [what: string, text: string][] = [
  [
    'bad_signatures',
    `delete from threat_bad_signatures where (minute, address) in (
       select minute, address from threat_bad_signatures
       where minute < (select clock_timestamp()) - interval '24 hours' order by minute limit $1)`,
  ],
  [
    // A day, and the seven before it.
    'activity',
    `delete from threat_activity where (institution_id, user_id, slot, noun) in (
       select institution_id, user_id, slot, noun from threat_activity
       where slot < (select clock_timestamp()) - interval '193 hours' order by slot limit $1)`,
  ],
];

type Subject = Pick<Found, 'institution_id' | 'found_by' | 'subject_kind' | 'subject'>;

function foundOf(type: Found['type'], subject: Subject, numbers: Found['evidence']['numbers']): Found {
  return { ...subject, type, confidence: FOUND_CONFIDENCE, evidence: { numbers, indicators: [] } };
}

async function fromAddresses(db: Queryable): Promise<Found[]> {
  const { type } = DETECTORS.brute_force;
  const rows = await readFromAddresses(db);
  return rows.filter(isBruteForce).map(({ address: subject, failures }) => {
    const whose = { institution_id: null, found_by: 'brute_force', subject_kind: 'address', subject } as const;
    return foundOf(type, whose, { failures });
  });
}

async function ofInstitution(db: Queryable, institution_id: string): Promise<Found[]> {
  const people = (await readRefusedPeople(db, institution_id)).filter(isEscalation);
  const routes = (await readRefusedRoutes(db, institution_id)).filter(isCoordinated);
  return [
    ...people.map(({ user_id: subject, refused, sent_since }) => {
      const whose = { institution_id, found_by: 'privilege_escalation', subject_kind: 'user', subject } as const;
      return foundOf(DETECTORS.privilege_escalation.type, whose, { refused, sent_since });
    }),
    ...routes.map(({ route: subject, people, tries }) => {
      const whose = { institution_id, found_by: 'coordinated', subject_kind: 'route', subject } as const;
      return foundOf(DETECTORS.coordinated.type, whose, { people, tries });
    }),
  ];
}

async function detect(tools: JobTools, turns: Turns): Promise<[kept: Kept, isComplete: boolean]> {
  const db = tools.pool as never as Queryable;
  let kept = NOTHING_KEPT;
  const keep = async (found: Promise<Found[]>) => {
    kept = sumOf(kept, await keepThreats(tools, await found));
  };
  await turns.take(() => keep(fromAddresses(db)));
  for (let ids = await readInstitutions(db, NIL_ID); ids.length > 0; ids = await readInstitutions(db, ids.at(-1)!)) {
    for (const id of ids) {
      if (tools.isOver()) return [kept, false];
      await turns.take(() => keep(ofInstitution(db, id)));
    }
  }
  return [kept, true];
}

export const runDetections = defineJob({
  name: 'run_threat_detections',
  summary: 'Finds brute force by address, escalation by person and coordinated tries by route, and tells admins',
  most_ms: 10 * 60_000,
  async run(tools) {
    const turns = inTurns();
    // First: nothing is kept for longer than is said because something else takes long, or fails.
    let swept: Swept = { removed: {}, is_complete: false };
    await turns.take(async () => {
      swept = await sweepThreats(tools, SWEPT);
    });
    const counted = await countActivity(tools.pool, tools.isOver);
    const [kept, isDetected] = tools.isOver() ? [NOTHING_KEPT, false] : await detect(tools, turns);
    const told = await tellThreats(tools);
    turns.end();
    return { counted, ...kept, told, removed: swept.removed, is_complete: isDetected && swept.is_complete };
  },
});
