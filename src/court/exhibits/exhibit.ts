/**
 * An exhibit: a file that one side wants the court to look at. It is uploaded, marked for identification with the next
 * number of its side, tendered, and admitted or rejected; a rejected one may be tendered again.
 */

import { z } from 'zod';
import { actor, at, count, hash, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { insert, type Row, update, type Write } from '../../core/definitions/write.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { SIDES, type Side } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { MEDIA_TYPES, type MediaType } from './mediaTypes.ts';

/** `unruled`: tendered, and not ruled on when the session ended. */
const EXHIBIT_STATES = ['uploaded', 'marked', 'tendered', 'admitted', 'rejected', 'withdrawn', 'unruled'] as const;
export type ExhibitState = (typeof EXHIBIT_STATES)[number];

export const DECISIONS = ['admitted', 'rejected'] as const;

export interface Exhibit {
  id: string;
  side: Side;
  title: string;
  media_type: MediaType;
  size_bytes: number;
  sha256: string;
  state: ExhibitState;
  /** Of its side, from 1; null until it is marked. No number is given twice. */
  number: number | null;
  uploaded_by: string;
  uploaded_at: string;
  marked_by: string | null;
  marked_at: string | null;
  /** Where it was last tendered. */
  turn_id: string | null;
  tendered_by: string | null;
  tendered_at: string | null;
  /** What the bench said to the last tender. */
  ruling: string | null;
  ruled_by: string | null;
  ruled_at: string | null;
  withdrawn_by: string | null;
  withdrawn_at: string | null;
}

export const exhibits = defineTable({
  name: 'exhibits',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
  found_by: 'exhibit_id',
});

interface WithExhibits {
  exhibits: readonly Exhibit[];
}

/** No exhibit is brought in without a title. */
export const ERASED_TITLE = '';

/** What was said of it when it was brought in is erased, and its file with it. */
export function isErased({ title }: Pick<Exhibit, 'title'>): boolean {
  return title === ERASED_TITLE;
}

/** As the court speaks of it: P-1, R-2; null until it is marked. */
export function labelOf({ side, number }: Pick<Exhibit, 'side' | 'number'>): string | null {
  return number === null ? null : `${side === 'petitioner' ? 'P' : 'R'}-${number}`;
}

/** Numbers of withdrawn exhibits are not given again: what was said of them stands in the record. */
export function nextNumber(exhibits: readonly Exhibit[], side: Side): number {
  return 1 + Math.max(0, ...exhibits.filter((one) => one.side === side).map(({ number }) => number ?? 0));
}

/** The exhibit of that id. The door lets no unknown id in; a row that the chain does not know is no exhibit. */
export function findExhibit({ exhibits }: WithExhibits, exhibit_id: string) {
  return exhibits.find(({ id }) => id === exhibit_id) ?? reject('not_found', 'The session has no such exhibit.');
}

/** The exhibit that an event or a command names. @throws when there is none: `decide` has made sure of it */
export function exhibitOf({ exhibits }: WithExhibits, exhibit_id: string): Exhibit {
  const exhibit = exhibits.find(({ id }) => id === exhibit_id);
  if (!exhibit) throw new Error(`no exhibit ${exhibit_id}`);
  return exhibit;
}

/** The state with that exhibit changed. */
export function withExhibit<State extends WithExhibits>(
  session: State,
  exhibit_id: string,
  changes: Partial<Exhibit>,
): State {
  const exhibit = { ...exhibitOf(session, exhibit_id), ...changes };
  return { ...session, exhibits: session.exhibits.map((one) => (one.id === exhibit_id ? exhibit : one)) };
}

function columns({ id: _, ...exhibit }: Exhibit): Row {
  return { ...exhibit };
}

export function exhibitInsert(session_id: string, exhibit: Exhibit): Write {
  return insert('exhibits', { id: exhibit.id }, { session_id, ...columns(exhibit) });
}

export function exhibitUpdate(exhibit: Exhibit): Write {
  return update('exhibits', { id: exhibit.id }, columns(exhibit));
}

export const exhibitAnswer = named(
  'Exhibit',
  z.strictObject({
    id: uuid,
    side: z.enum(SIDES),
    title: text,
    media_type: z.enum(MEDIA_TYPES),
    size_bytes: count,
    sha256: hash,
    state: z.enum(EXHIBIT_STATES),
    number: count.nullable(),
    /** `P-1`, `R-2`; null until it is marked. */
    label: text.nullable(),
    uploaded_by: actor,
    uploaded_at: at,
    marked_by: actor.nullable(),
    marked_at: at.nullable(),
    turn_id: uuid.nullable(),
    tendered_by: actor.nullable(),
    tendered_at: at.nullable(),
    ruling: text.nullable(),
    ruled_by: actor.nullable(),
    ruled_at: at.nullable(),
    withdrawn_by: actor.nullable(),
    withdrawn_at: at.nullable(),
  }),
  {
    ...{ id: EXAMPLE.exhibit_id, side: 'petitioner', title: 'Harbour logbook', media_type: 'application/pdf' },
    ...{ size_bytes: 48_213, sha256: EXAMPLE.hash, state: 'marked', number: 1, label: 'P-1' },
    ...{ uploaded_by: EXAMPLE.petitioner.user_id, uploaded_at: EXAMPLE.started_at },
    ...{ marked_by: EXAMPLE.judge.user_id, marked_at: EXAMPLE.now, turn_id: null, tendered_by: null },
    ...{ tendered_at: null, ruling: null, ruled_by: null, ruled_at: null, withdrawn_by: null, withdrawn_at: null },
  },
);
export const exhibitList = listOf('ExhibitList', exhibitAnswer);

/** An exhibit as every answer shows it. */
export function exhibitResource(exhibit: Exhibit): z.output<typeof exhibitAnswer> {
  return { ...exhibit, label: labelOf(exhibit) };
}

/** The exhibit that the input names, as the command left it. */
export function exhibitOfInput(
  { states }: { states: { session: WithExhibits } },
  { input }: { input: { exhibit_id: string } },
) {
  return exhibitResource(exhibitOf(states.session, input.exhibit_id));
}
