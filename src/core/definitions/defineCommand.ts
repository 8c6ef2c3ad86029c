/**
 * Defining a mutation, so that its file says on its face who may send it, what it locks and which rows it names: the
 * types of its input and of the states that `decide` sees follow from these lines, and so does what the door looks for.
 */
import type { z } from 'zod';
import type { Role } from './actor.ts';
import type { Author, Guarded } from './author.ts';
import type { Applied, Command, CommandDefinition, FactSource, Mutation, Target } from './command.ts';
import type { NewEvent } from './event.ts';
import type { Rejection } from './problem.ts';
import type { RouteParams } from './route.ts';
import type { Table } from './table.ts';
import type { FileInfo, Upload } from './upload.ts';

/** A stream that a command locks, under the name by which `decide` sees its state. */
export interface Lock<Kind extends string = string, State = unknown> {
  readonly kind: Kind;
  readonly stream: string;
  /** Never there: it carries the type. */
  readonly state?: State;
}

/** Null where the command finds nothing to lock. */
type Locks = readonly (Lock | null)[];

type One<L extends Locks> = Extract<L[number], Lock>;
/** Those that may be missing. */
type Possible<L extends Locks> = Extract<{ [i in keyof L]: null extends L[i] ? L[i] : never }[number], Lock>;
type StateOf<L> = L extends Lock<string, infer State> ? State : never;

/** The states of what is locked, by kind; of anything, for as long as the compiler has not come to the locks. */
export type StatesOf<L extends Locks> = number extends L['length']
  ? // biome-ignore lint/suspicious/noExplicitAny: shared functions are looked at before the locks are, and must fit then
    any
  : { [Sure in Exclude<One<L>, Possible<L>> as Sure['kind']]: StateOf<Sure> } & {
      [Perhaps in Possible<L> as Perhaps['kind']]?: StateOf<Perhaps>;
    };

/** A table of which the input names a row. */
type FoundTable<Input> = Table & { readonly found_by: keyof Input & string };

export interface MutationParts<Input, Body, Scope, L extends Locks, Fact, Code extends string>
  extends Omit<
    Mutation<Input, NoInfer<StatesOf<L>>, Scope, Fact>,
    'body' | 'target' | 'streams' | 'facts' | 'decide' | 'rejects'
  > {
  body: Body;
  /** The streams it locks, by its input, the scope of its target, its id and whether it has `If-Match`. The first is its subject. */
  locks(input: Input, scope: Scope, id: string, isConditional: boolean): L;
  /** Rows that the input names, where it names them: each must be there, within the target. */
  finds?: readonly FoundTable<Input>[];
  facts?: FactSource<Input, Fact>;
  decide(
    states: NoInfer<StatesOf<L>>,
    command: Command<Input>,
    fact: NoInfer<Fact> | undefined,
  ): NewEvent[] | Rejection<NoInfer<Code>>;
  rejects: readonly Code[];
}

/** The field of the input, `<kind>_id`, that names what must exist and be in the sender's scope. */
type Within<Input> = keyof Input & `${string}_id`;

type DoorParts<Input, Scope> = Pick<
  CommandDefinition<Input, unknown, Scope>,
  | 'limit'
  | 'faults'
  | 'looksOut'
  | 'first'
  | 'feature'
  | 'features'
  | 'admits'
  | 'hides'
  | 'refuse'
  | 'signed'
  | 'fractions'
  | 'secret'
  | 'yieldsToken'
  | 'putAside'
  | 'readAside'
  | 'counted'
>;

interface Answering<Input, Body extends z.ZodObject, L extends Locks, Fact, Resource extends z.ZodType> {
  /** The schema of its result as it is answered: one with a name. */
  resource: Resource;
  /** The resource after the command, as the matching GET shows it; always has `id`. */
  result(
    applied: Applied<NoInfer<StatesOf<L>>>,
    command: Command<Input>,
    fact: NoInfer<Fact> | undefined,
  ): NoInfer<z.output<Resource>>;
  /** A body that is taken, for documents. */
  example?: NoInfer<z.input<Body>>;
}

export interface CommandParts<
  Route,
  Input,
  Body extends z.ZodObject,
  Scope,
  L extends Locks,
  Fact,
  Code extends string,
  Resource extends z.ZodType,
> extends Omit<MutationParts<Input, Body, Scope, L, Fact, Code>, 'result'>,
    Answering<Input, Body, L, Fact, Resource>,
    DoorParts<Input, Scope> {
  /** `POST /api/...` with `:placeholders`, which are part of the input. */
  route: Route;
  /** Roles that may send it; `anyone` includes people without a token. */
  who: readonly Role[] | 'anyone';
  /** Needed only where the route names nothing that is to be found; null where what it names is in no scope. */
  within?: Within<Input> | null;
}

type InputOf<Route extends string, Body extends z.ZodObject> = z.output<Body> & RouteParams<Route>;

/** The functions that define commands, where the facts of a target's scope are of this type. */
export function commandsIn<Scope>() {
  /** A command that people send. */
  function defineCommand<
    const Route extends string,
    Body extends z.ZodObject,
    const L extends Locks,
    const Code extends string,
    Resource extends z.ZodType<object>,
    Fact = never,
  >(
    parts: CommandParts<Route, InputOf<Route, Body>, Body, Scope, L, Fact, Code, Resource>,
  ): CommandDefinition<InputOf<Route, Body>, StatesOf<L>, Scope, Fact> {
    const { who, within, ...rest } = parts;
    const named = within === undefined ? /:(\w+_id)/.exec(parts.route)?.[1] : (within ?? undefined);
    return { ...definitionOf(rest, named), route: parts.route, roles: who } as never;
  }

  /** The same for a body that is a form with a file. */
  function defineUploadCommand<
    const Route extends string,
    Body extends z.ZodObject,
    const L extends Locks,
    const Code extends string,
    Resource extends z.ZodType<object>,
  >(
    parts: CommandParts<Route, InputOf<Route, Body> & { file: FileInfo }, Body, Scope, L, never, Code, Resource> & {
      upload: Upload<InputOf<Route, Body> & { file: FileInfo }, Scope>;
    },
  ): CommandDefinition<InputOf<Route, Body> & { file: FileInfo }, StatesOf<L>, Scope> {
    return defineCommand(parts as never) as never;
  }

  /**
   * The same for a command that the guard stands before: its author, signed in or not, is part of the input. Where `who`
   * is `anyone`, a visitor without a token may send it in what is public.
   */
  function defineGuardedCommand<
    const Route extends string,
    Body extends z.ZodObject,
    const L extends Locks,
    const Code extends string,
    Resource extends z.ZodType<object>,
    Fact = never,
  >(
    parts: CommandParts<Route, InputOf<Route, Body> & { author: Author }, Body, Scope, L, Fact, Code, Resource> & {
      guarded: Guarded<InputOf<Route, Body>>;
    },
  ): CommandDefinition<InputOf<Route, Body> & { author: Author }, StatesOf<L>, Scope, Fact> {
    return defineCommand(parts as never) as never;
  }

  /** The same for a command about what belongs to an institution, or to the installation: its owner is part of the input. */
  function defineOwnedCommand<
    const Route extends string,
    Body extends z.ZodObject,
    const L extends Locks,
    const Code extends string,
    Resource extends z.ZodType<object>,
    Fact = never,
  >(
    parts: CommandParts<Route, InputOf<Route, Body> & { owner: string }, Body, Scope, L, Fact, Code, Resource> &
      Required<Pick<CommandDefinition<InputOf<Route, Body> & { owner: string }>, 'ownerOf'>>,
  ): CommandDefinition<InputOf<Route, Body> & { owner: string }, StatesOf<L>, Scope, Fact> {
    return defineCommand(parts as never) as never;
  }

  /** A command that only the system sends: it has no door, so nobody else can. */
  function defineSystemCommand<
    Body extends z.ZodObject,
    const L extends Locks,
    const Code extends string,
    Fact = never,
  >(
    parts: MutationParts<z.output<Body>, Body, Scope, L, Fact, Code> & { within?: Within<z.output<Body>> },
  ): Mutation<z.output<Body>, StatesOf<L>, Scope, Fact> {
    const { within, ...rest } = parts;
    return definitionOf(rest, within) as never;
  }

  return { defineCommand, defineUploadCommand, defineGuardedCommand, defineOwnedCommand, defineSystemCommand };
}

type Input = Readonly<Record<string, unknown>>;
type AnyParts = {
  locks(input: never, scope: never, id: string, isConditional: boolean): Locks;
  finds?: readonly FoundTable<never>[];
};

/** The parts with what the machine asks of them: the target, and the names of the streams. */
function definitionOf({ locks, finds = [], ...rest }: AnyParts, within: string | undefined): object {
  const target = (input: Input): Target | null => {
    if (within === undefined) return null;
    const parts = finds.flatMap((table) => {
      const id = input[table.found_by];
      return typeof id === 'string' ? [{ table, id }] : [];
    });
    return { kind: within.replace(/_id$/, ''), id: input[within] as string, parts };
  };
  const streams: Mutation['streams'] = ({ id, input, is_conditional = false }, scope) =>
    locks(input as never, scope as never, id, is_conditional).flatMap((lock) => (lock ? [lock.stream] : []));
  return { ...rest, target, streams };
}
