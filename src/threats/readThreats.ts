/** Reading threats, the newest first, and how often what was found was right. */
import { z } from 'zod';
import { type Actor, ADMINS } from '../core/definitions/actor.ts';
import { components, named } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { pageOf, pageQuery } from '../core/definitions/page.ts';
import { defineQuery } from '../core/definitions/query.ts';
import { instant, id as uuid } from '../core/definitions/schemas.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { type Accuracy, accuracyAnswer, accuracyOf, OF_ALL, type Resolved } from './accuracy.ts';
import { keptPage, type ThreatPage } from './keptPage.ts';
import { demandThreats } from './switched.ts';
import { type Threat, threatAnswer } from './threat.ts';

const threatsAnswer = named(
  'ThreatList',
  z.strictObject({
    items: z.array(threatAnswer),
    /** Null where nothing is left. */
    next_cursor: z.string().nullable(),
    /** Of the institution, and of a super_admin of all together; null before it was reckoned. */
    accuracy: accuracyAnswer.nullable(),
  }),
  {
    items: [components.get(threatAnswer)!.example as Threat],
    next_cursor: null,
    accuracy: { ...accuracyOf({ resolved: 40, correct: 36 }), reckoned_at: EXAMPLE.now },
  },
);

const COLUMNS = `id, institution_id, type, found_by, subject_kind, subject, confidence, evidence, status,
  predicted_at, seen_at, decided_at, decided_by`;

/** Beside row security, so that an index leads to the own ones. */
const isOwn = ({ role }: Actor, place: string) =>
  role === 'super_admin' ? `${place}::uuid is null` : `institution_id = ${place}`;

const ACCURACY = {
  name: 'read-threat-accuracy',
  text: 'select resolved, correct, reckoned_at from threat_accuracies where institution_id = $1',
};

async function readAccuracy(db: Queryable, { role, institution_id }: Actor): Promise<Accuracy | null> {
  const values = [role === 'super_admin' ? OF_ALL : institution_id];
  const { rows } = await db.query<Resolved & { reckoned_at: string }>({ ...ACCURACY, values });
  return rows[0] ? { ...accuracyOf(rows[0]), reckoned_at: rows[0].reckoned_at } : null;
}

const ONE = { name: 'read-threat', text: `select ${COLUMNS} from threat_predictions where id = $1` };

/** One that the reader may see. @param db in the reader's scope */
export async function findThreat(db: Queryable, id: string): Promise<Threat | undefined> {
  return (await db.query<Threat>({ ...ONE, values: [id] })).rows[0];
}

const query = z.strictObject(pageQuery([instant, uuid]));

async function readPage(db: Queryable, actor: Actor, asked: z.output<typeof query>): Promise<ThreatPage> {
  const [time = null, last = null] = asked.cursor ?? [];
  const own = actor.role === 'super_admin' ? null : actor.institution_id;
  const { rows } = await db.query<Threat>(
    `select ${COLUMNS} from threat_predictions
     where ${isOwn(actor, '$4')} and ($1::timestamptz is null or (predicted_at, id) < ($1, $2::uuid))
     order by predicted_at desc, id desc limit $3`,
    [time, last, asked.limit + 1, own],
  );
  return pageOf(
    rows,
    asked,
    (row) => row,
    ({ predicted_at, id }) => [predicted_at, id],
  );
}

export const readThreats = defineQuery({
  name: 'threat.list',
  route: 'GET /threats',
  summary: 'Threats that were found in your institution, the newest first, and how often they were right',
  roles: ADMINS,
  query,
  target: () => null,
  kept: keptPage,
  answer: threatsAnswer,
  async read({ db, actor, query, kept }) {
    await demandThreats(db, actor);
    const page = (kept as ThreatPage | undefined) ?? (await readPage(db, actor, query));
    return { ...page, accuracy: await readAccuracy(db, actor) };
  },
});
