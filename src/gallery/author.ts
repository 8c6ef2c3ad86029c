/** The author of a command of the gallery, as the door knows the person behind it. */
import type { Actor } from '../core/definitions/actor.ts';

export interface Author {
  /** The user's id, or `guest:<16 hex>`, which is another in each session. */
  id: string;
  /** What bans name: the user's id, or a key of the browser and its address. It is erased with the text. */
  key: string;
  /** As distinct reporters are counted: all without a token of an address are one. */
  reporter: string;
  /** Shown to the author alone. */
  is_shadowed: boolean;
  /** By the distinct reporters of the last days: to all, to the author and moderators, or to moderators alone. */
  standing: 'open' | 'throttled' | 'hidden';
}

/** What the door adds to an input that is signed. */
export interface Signed {
  author?: Author;
  /** As the token has it. */
  author_name?: string;
}

/** A person with a token of whom the door says no more. */
export function authorOf({ input, actor }: { input: object; actor: Pick<Actor, 'id'> }): Author {
  const { author } = input as Signed;
  return author ?? { id: actor.id, key: actor.id, reporter: actor.id, is_shadowed: false, standing: 'open' };
}

export function nameOf(input: object): string | null {
  return (input as Signed).author_name ?? null;
}
