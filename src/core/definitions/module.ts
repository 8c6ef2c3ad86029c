/** A module: a part of the house that a stranger could take out, with the lists of what it adds to every loop. */
import type { CommandDefinition, Mutation } from './command.ts';
import type { Problems } from './problem.ts';
import type { QueryDefinition } from './query.ts';
import type { ReservedNames } from './reserved.ts';
import type { StreamKind } from './stream.ts';
import type { Table } from './table.ts';

export interface Module {
  name: string;
  /** Codes that its decisions are rejected with, beside the machine's own. */
  problems: Problems;
  reserved: ReservedNames;
  /** Names under which answers show private text, where these are not those of its schemas. */
  private_names: readonly string[];
  /** Every mutation that people send. */
  commands: readonly CommandDefinition[];
  /** Every mutation that only the system sends. */
  systemCommands: readonly Mutation[];
  /** Kinds of streams in which nothing is recorded: they only put commands in order. */
  kinds: readonly StreamKind[];
  /** Every table that its nouns keep, in the order in which verification tells of them. */
  tables: readonly Table[];
  /** Every question that people ask. */
  queries: readonly QueryDefinition[];
}

/** Definitions of many kinds, each with types of its own, which a loop over them does not know. */
interface ModuleParts extends Pick<Module, 'name'>, Partial<Pick<Module, 'problems' | 'reserved' | 'private_names'>> {
  commands?: readonly unknown[];
  systemCommands?: readonly unknown[];
  kinds?: readonly StreamKind[];
  tables?: readonly Table[];
  queries?: readonly unknown[];
}

const NOTHING = {
  problems: {},
  reserved: { event_prefixes: [], stream_kinds: [] },
  private_names: [],
  kinds: [],
  tables: [],
};

export function defineModule(parts: ModuleParts): Module {
  const { commands = [], systemCommands = [], queries = [] } = parts;
  return {
    ...NOTHING,
    ...parts,
    commands: commands as readonly CommandDefinition[],
    systemCommands: systemCommands as readonly Mutation[],
    queries: queries as readonly QueryDefinition[],
  };
}
