/** The author of a command that the guard stands before, as the door knows it; and what such a command says of itself. */
import type { Queryable } from '../sql/queryable.ts';
import type { Actor } from './actor.ts';

/** Part of the command's input, where no body can put it. */
export interface Author {
  /** The user's id, or `guest:<16 hex>`, which is another in each gallery. */
  id: string;
  /** What cooldowns count by and bans name: the user's id, or the composite key in 64 hex. It is erased with the text. */
  key: string;
  /** As distinct reporters are counted: the user's id, or `address:<16 hex>`, one for all without a token of an address. */
  reporter: string;
  /** Shown to the author alone: a ban on the key is open, or the honeypot was filled just now. */
  is_shadowed: boolean;
  /** By the distinct reporters of the last seven days: the author sees it always, and besides everybody, moderators, or nobody. */
  shown_to: ShownTo;
}

export type ShownTo = 'everybody' | 'moderators' | 'author';

/** How a command of the gallery meets the guard, at the door and before it is accepted. */
export interface Guarded<Input = unknown> {
  /** The rule that refuses its text: answered 422 `refused_text`, counted, and no command. */
  refuse?(input: Input): { rule: string } | undefined;
  /** The field that people do not see is filled. */
  isTrapped?(input: Input): boolean;
  /** It is a post, which waits for the author's cooldown and begins the next. Read as the sender. */
  pace?(asked: {
    db: Queryable;
    actor: Actor;
    input: Input;
    author: Pick<Author, 'id' | 'key'>;
    nameIn: NameIn | undefined;
  }): Promise<PostTerms>;
}

/** What a guest is called in another gallery of the institution; of a user, who is called the same in all, there is none. */
export type NameIn = (id: string) => string;

export interface Pace {
  /** Distinct reporters of the author within the last seven days, in this institution. */
  reporters: number;
  /** What slow mode asks for between two posts of one author here; 0 where it is off. */
  slow_seconds: number;
}

/** On what terms a post is taken. */
export interface PostTerms extends Pace {
  /** Whether the institution shows the names of signed-in authors. */
  shows_names: boolean;
}
