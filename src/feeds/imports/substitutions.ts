/** How a roster becomes another one, person by person: by commands that put one person in the place of another. */
import type { Member, PeopleField, Values, Wanted } from './fields.ts';

export interface Substitution {
  user_id: string;
  replacement: Member;
  presiding_id?: string;
}

/**
 * @param ours as the roster is
 * @returns why it cannot become so: places are neither added nor taken away, and nobody changes the side
 */
export function substitutionsOf(field: PeopleField, ours: Values, wanted: Wanted): Substitution[] | string {
  const [now, then] = [ours[field], wanted[field]];
  const gone = now.filter((id) => then.every(({ user_id }) => user_id !== id));
  const come = then.filter(({ user_id }) => !now.includes(user_id));
  if (gone.length !== come.length) return 'size_changed';
  if (gone.length === 0) return 'chair_changed';
  const others = [...ours.petitioner, ...ours.respondent, ...ours.panel];
  if (come.some(({ user_id }) => others.includes(user_id))) return 'sides_changed';
  const chair = field === 'panel' ? then[0]!.user_id : undefined;
  const pairs = pairsOf(gone, come, now[0], chair);
  return pairs.map(([user_id, { user_id: id, name }], i) => ({
    ...{ user_id, replacement: { user_id: id, name } },
    // By then the panel has whoever is to preside.
    ...(chair !== undefined && i === pairs.length - 1 && { presiding_id: chair }),
  }));
}

/** Where the judge who presides goes and another comes to preside, the one takes the place of the other. */
function pairsOf(
  gone: readonly string[],
  come: readonly Member[],
  presides: string | undefined,
  chair: string | undefined,
): [string, Member][] {
  const isFirst = (id: string | undefined) => (other: string) => Number(other === id);
  const leaving = gone.toSorted((a, b) => isFirst(presides)(b) - isFirst(presides)(a));
  const coming = come.toSorted((a, b) => isFirst(chair)(b.user_id) - isFirst(chair)(a.user_id));
  return leaving.map((user_id, i) => [user_id, coming[i]!]);
}
