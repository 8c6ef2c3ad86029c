/**
 * A mutation is one command definition: its wire name, its route, who may, the schema of its input, the streams it
 * locks, a pure `decide`, and the events it may record. Routes, checks, OpenAPI, dispatch and metrics are loops over
 * the list of these in src/modules.ts. Commands of the system itself are the same without a door: no route, no roles.
 */
import type { z } from 'zod';
import type { Write } from '../definitions/write.ts';
import type { Queryable } from '../sql/queryable.ts';
import type { Actor, Role, SeenFrom } from './actor.ts';
import type { Guarded } from './author.ts';
import type { EventDefinition, ExportedEvent, JsonObject, NewEvent } from './event.ts';
import type { Outside } from './outside.ts';
import type { Rejection } from './problem.ts';
import type { Reserved } from './reserved.ts';
import type { Head, StreamKind } from './stream.ts';
import type { Table } from './table.ts';
import type { Upload } from './upload.ts';

/** A command as `decide` sees it. `now` is the database's clock, RFC 3339 UTC with milliseconds. */
export interface Command<Input = JsonObject> {
  id: string;
  input: Input;
  actor: Actor;
  now: string;
  /** The heads of its streams by kind, before the command. */
  heads: { readonly [kind: string]: Head };
}

/** Something addressed by the kind of its stream and its id. */
export interface Target {
  kind: string;
  id: string;
  /** Rows that are looked for within it. */
  parts?: readonly { table: Table; id: string }[];
}

/** A command that goes before another. */
export interface First {
  name: string;
  input: JsonObject;
}

/** What applying a command left behind, for its `result`. Heads and states are those right after the command. */
export interface Applied<States> {
  states: States;
  heads: { readonly [kind: string]: Head };
  events: ExportedEvent[];
}

/** A fault in the input that a schema cannot name, because it depends on who sends it. */
export interface InputError {
  pointer: string;
  detail: string;
}

/** The setting that switches it on; one that there is not is off. */
export type Feature = `FEATURE_${string}` | 'FEED_RESULTS_BACK' | 'JWT_ISSUER';

/** Signs a ticket: a token with an id that is good only at the relay, for one stream, until `expires_at`. */
export type IssueTicket = (ticket: {
  id: string;
  holder: Actor;
  stream: string;
  issued_at: string;
  expires_at: string;
}) => string;

/**
 * The address that opens what a command made, with the secret whose hash the command's input had; nothing stores the
 * secret. Null where its key was replaced twice since, after twelve hours at the soonest, and of a command that was redriven.
 */
export type IssueLink = (link: { id: string; secret_hash: string; path(secret: string): string }) => string | null;

/** Something outside the locked streams that a decision needs, loaded in the same transaction. */
export interface FactSource<Input, Fact> {
  /** Two commands with one key are never decided in one transaction, so a fact is never stale. */
  key(command: { id: string; input: Input }): string;
  load(db: Queryable, keys: string[]): Promise<Map<string, Fact>>;
}

/** What applying a command takes, whoever sends it. */
export interface Mutation<Input = unknown, States = unknown, Scope = unknown, Fact = unknown> {
  /** `noun.verb`, as it stands in the inbox, in jobs and in metrics. */
  name: string;
  summary: string;
  /** The input, but for what stands in the route. */
  body: z.ZodObject;
  /** Answers 201 with `Location: <creates>/<command id>`. */
  creates?: string;
  /** What must exist and be in the sender's scope; null where the command stands alone. */
  target(input: Input): Target | null;
  /**
   * Every stream it locks. The first is its subject: it orders the command, and `If-Match` means its head.
   * @param command is conditional where it came with `If-Match`
   */
  streams(command: { id: string; input: Input; is_conditional?: boolean }, scope: Scope): string[];
  facts?: FactSource<Input, Fact>;
  /** Pure: no I/O, no clock, no randomness. */
  decide(states: States, command: Command<Input>, fact: Fact | undefined): NewEvent[] | Rejection;
  /** Columns and rows outside the chain; `states` are those after the command. */
  writes?(states: States, command: Command<Input>, fact: Fact | undefined): Write[];
  /** The resource after the command, as the matching GET shows it; always has `id`. */
  result(applied: Applied<States>, command: Command<Input>, fact: Fact | undefined): JsonObject;
  /** What the inbox keeps of the input once it has its outcome; without it, all. */
  keeps?(input: Input): JsonObject;
  /** What is added to the result each time it is answered, and never stored: a ticket, or a link. */
  answer?(
    result: JsonObject,
    command: { id: string; input: Input; actor: Actor },
    issueTicket: IssueTicket,
    issueLink: IssueLink,
  ): JsonObject;
  /** Event types it may record, and codes it may be rejected with besides those of the door. */
  records: readonly EventDefinition[];
  rejects: readonly string[];
}

/**
 * Asked of a sender whose role is refused: is there nothing there for this person, whatever the role? Then it is answered
 * 404. Read in the sender's scope, by the placeholders of the route.
 */
export type Hides = (asked: {
  db: Queryable;
  actor: Actor;
  params: Readonly<Record<string, string>>;
}) => Promise<boolean>;

/** A command that people send. */
export interface CommandDefinition<Input = unknown, States = unknown, Scope = unknown, Fact = unknown>
  extends Mutation<Input, States, Scope, Fact> {
  /** `POST /api/...` with `:placeholders`, which are part of the input. */
  route: string;
  /** Roles that may send it; `anyone` includes people without a token. */
  roles: readonly Role[] | 'anyone';
  /** The schema of its result as it is answered: one with a name. */
  resource: z.ZodType;
  /** A body that is taken, for documents; without it they show what the schema makes of nothing. */
  example?: unknown;
  /** The body is a form with a file: `body` is the schema of its fields, and the file's facts are the input's `file`. */
  upload?: Upload<Input, Scope>;
  /** The guard stands before it, and its author is part of the input, as `author`. */
  guarded?: Guarded<Input>;
  /**
   * The owner of what it is about, which the input then names: of a row that the body names, or of what is the sender's.
   * Read as the sender; undefined is answered 404.
   */
  ownerOf?(asked: {
    db: Queryable;
    actor: Actor;
    from: SeenFrom;
    input: Omit<Input, 'owner'>;
    installation: string;
  }): Promise<string | undefined>;
  /** The type of a rate limit of its own, beside that of all requests. */
  limit?: string;
  /** What the input asks for beyond its schema. */
  faults?(input: Input, actor: Actor): InputError[];
  /** The same of what the input names outside of the record. Not asked of a repetition. */
  looksOut?(outside: Outside, asked: { input: Input; actor: Actor }): Promise<InputError[]>;
  /** A feature that must be switched on for this command. */
  feature?: Feature;
  /** Features that this input needs to be switched on. */
  features?(input: Input): Feature[];
  /** Refused with 403 `forbidden` at the door when false. */
  admits?(actor: Actor, scope: Scope, input: Input): boolean;
  hides?: Hides;
  /** What is sure to be rejected, so that it is refused before it is stored. Read in the sender's scope. */
  refuse?(asked: { db: Queryable; actor: Actor; input: Input }): Promise<Rejection | undefined>;
  /**
   * Commands that are sent before it, as its sender, and must be applied: it only says that they were. Asked again they are
   * none where all is done. Read in the sender's scope.
   */
  first?(asked: { db: Queryable; actor: Actor; input: Input }): Promise<First[] | Rejection>;
  /** The sender's name, as the token has it, is part of the input: `author_name`. */
  signed?: true;
  /** Numbers of its body need not be integers: none of them is recorded. */
  fractions?: true;
  /** The hash of a new secret is part of the input: `secret_hash`. The link that `answer` issues has the secret. */
  secret?: true;
  /** A token comes of it that this installation signs: switched off where an identity provider signs them. */
  yieldsToken?: true;
  /** Stores elsewhere what the inbox must not hold, as the door and before the command. Returns the input as the inbox has it. */
  putAside?(db: Queryable, command: { id: string; input: Input; actor: Actor }): Promise<JsonObject>;
  /** What is added to the result while it is answered to its sender, read in the sender's scope and never stored. */
  readAside?(db: Queryable, input: Input): Promise<JsonObject>;
  /** The counter of those that were applied and answered, repetitions apart. */
  counted?: 'contactReveals';
}

/** The lists of commands, event types and stream kinds, indexed by name, and the names that are kept free for more. */
export interface Catalog {
  commands: ReadonlyMap<string, Mutation>;
  events: ReadonlyMap<string, EventDefinition>;
  kinds: ReadonlyMap<string, StreamKind>;
  reserved: Reserved;
}

/**
 * @param bare kinds of streams in which nothing is recorded
 * @throws when two commands share a name, or two event definitions a type.
 */
export function catalogOf(
  definitions: readonly Mutation[],
  reserved: Reserved,
  bare: readonly StreamKind[] = [],
): Catalog {
  const commands = new Map<string, Mutation>();
  const events = new Map<string, EventDefinition>();
  const kinds = new Map(bare.map((one) => [one.kind, one]));
  for (const command of definitions) {
    if (commands.has(command.name)) throw new Error(`two commands named ${command.name}`);
    commands.set(command.name, command);
    for (const event of command.records) {
      const known = events.get(event.type);
      if (known && known !== event) throw new Error(`two definitions of ${event.type}`);
      events.set(event.type, event);
      kinds.set(event.stream.kind, event.stream);
    }
  }
  return { commands, events, kinds, reserved };
}
