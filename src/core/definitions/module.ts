/** A module: a part of the house that a stranger could take out, with the lists of what it adds to every loop. */
import type { CommandDefinition, Mutation } from './command.ts';
import type { QueryDefinition } from './query.ts';
import type { Table } from './table.ts';

export interface Module {
  name: string;
  /** Every mutation that people send. */
  commands: readonly CommandDefinition[];
  /** Every mutation that only the system sends. */
  systemCommands: readonly Mutation[];
  /** Every table that its nouns keep, in the order in which verification tells of them. */
  tables: readonly Table[];
  /** Every question that people ask. */
  queries: readonly QueryDefinition[];
}

/** Definitions of many kinds, each with types of its own: whoever loops over them knows none of these. */
interface ModuleParts {
  name: string;
  commands?: readonly unknown[];
  systemCommands?: readonly unknown[];
  tables?: readonly Table[];
  queries?: readonly unknown[];
}

export function defineModule(parts: ModuleParts): Module {
  const { name, commands = [], systemCommands = [], tables = [], queries = [] } = parts;
  return {
    name,
    commands: commands as readonly CommandDefinition[],
    systemCommands: systemCommands as readonly Mutation[],
    tables,
    queries: queries as readonly QueryDefinition[],
  };
}
