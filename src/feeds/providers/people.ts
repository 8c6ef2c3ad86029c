/** People and teams that a site knows by their names alone: one name is one person. */
import { sha256 } from '../../core/chain/sha256.ts';
import { cleanLine } from './clean.ts';
import type { Person, Team } from './provider.ts';

/** Undefined where nothing is named. */
export function personNamed(text: unknown): Person | undefined {
  const name = cleanLine(text);
  return name === null ? undefined : { id: nameId(name), name };
}

/** The same however the name is capitalised. */
export function nameId(name: string): string {
  return name.toLowerCase().slice(0, 200);
}

/** A team that has no name of its own is its people. */
export function teamOfPeople(side: Team['side'], speakers: Person[]): Team {
  const ids = speakers.map(({ id }) => id).toSorted();
  const name = cleanLine(speakers.map((speaker) => speaker.name).join(', '));
  return { side, id: sha256(JSON.stringify(ids)).slice(0, 32), name, speakers };
}
