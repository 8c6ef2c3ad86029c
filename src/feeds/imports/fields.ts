/**
 * What is compared of a match, field by field: as it was last imported, as it is here, and as it is there. People are known
 * by their user ids; the presiding judge stands first of a panel, and all other order means nothing.
 */
import canonicalize from 'canonicalize';
import type { Visibility } from '../../access/scope.ts';

/** Changed by one `assignment.update`. */
export const PLAIN = ['title', 'courtroom', 'scheduled_at', 'visibility', 'format'] as const;
/** Changed person by person. */
export const PEOPLE = ['petitioner', 'respondent', 'panel'] as const;
export const FIELDS = [...PLAIN, ...PEOPLE] as const;
export type Field = (typeof FIELDS)[number];
export type PeopleField = (typeof PEOPLE)[number];

export interface Values {
  title: string;
  courtroom: string;
  scheduled_at: string;
  visibility: Visibility;
  /** The name of a template, or a format of their own. */
  format: string | object;
  petitioner: readonly string[];
  respondent: readonly string[];
  panel: readonly string[];
}

/** A match as it was last imported. */
export interface Base extends Values {
  /** The ids of its teams there, in any order. */
  teams: readonly string[];
  /** What it is to be once its draw is released. */
  released_as: Visibility;
  /** It was called off because it had vanished there. */
  cancelled: boolean;
}

export interface Member {
  user_id: string;
  name: string;
}

/** A match as it is there. */
export interface Wanted extends Omit<Values, PeopleField> {
  petitioner: readonly Member[];
  respondent: readonly Member[];
  /** The presiding judge stands first. */
  panel: readonly Member[];
}

export function valuesOf({ petitioner, respondent, panel, ...plain }: Wanted): Values {
  const ids = (members: readonly Member[]) => members.map(({ user_id }) => user_id);
  return { ...plain, petitioner: ids(petitioner), respondent: ids(respondent), panel: ids(panel) };
}

/** What a field came to between two sides that know what it was. */
export type Merge = 'same' | 'ours' | 'theirs' | 'conflict';

export function mergeOf(field: Field, base: Values, ours: Values, theirs: Values): Merge {
  if (isSame(field, ours, theirs)) return 'same';
  if (isSame(field, theirs, base)) return 'ours';
  return isSame(field, ours, base) ? 'theirs' : 'conflict';
}

export function isSame(field: Field, one: Values, other: Values): boolean {
  return keyOf(field, one) === keyOf(field, other);
}

function keyOf(field: Field, values: Values): string {
  if (field === 'panel') {
    const [chair, ...rest] = values.panel;
    return [chair, ...rest.sort()].join(' ');
  }
  if (field === 'petitioner' || field === 'respondent') return values[field].toSorted().join(' ');
  return canonicalize(values[field])!;
}
