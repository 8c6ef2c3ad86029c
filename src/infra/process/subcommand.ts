/**
 * What stands behind `plearoll` on the command line: what it takes, what it says for `--help`, and what it does. Arguments
 * are parsed strictly: what is not known is refused with the usage, and nothing is done.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';

export interface Terminal {
  env: NodeJS.ProcessEnv;
  out: NodeJS.WritableStream & { isTTY?: boolean };
  err: NodeJS.WritableStream;
  /** Aborted by the first Ctrl-C. A subcommand that does not ask for it is ended by Ctrl-C like any program. */
  readonly signal: AbortSignal;
}

type Option = { help: string } & (
  | { type: 'boolean' }
  // What is named in the usage for its value.
  | { type: 'string'; value: string; default?: string; isRepeated?: true }
);
type Options = { [name: string]: Option };
type Values<O extends Options> = {
  [name in keyof O]: O[name] extends { type: 'boolean' }
    ? boolean
    : O[name] extends { isRepeated: true }
      ? string[]
      : O[name] extends { default: string }
        ? string
        : string | undefined;
};

export interface Definition<O extends Options> {
  name: string;
  /** One sentence. */
  summary: string;
  /** Its arguments in their order, such as `<file>`; in brackets where it may be left out, which only the last may. */
  takes?: readonly string[];
  options?: O;
  notes?: string;
  /** What its exit codes mean; that of wrong usage is `usage`. */
  exits: { [code: number]: string };
  run(given: Values<O>, taken: string[], terminal: Terminal): Promise<number>;
}

export interface Subcommand {
  name: string;
  summary: string;
  help: string;
  /** @returns what the process is to exit with */
  run(args: string[], terminal: Terminal): Promise<number>;
}

/** Thrown where the arguments are not what is wanted: the usage is printed beneath its message. */
export class UsageError extends Error {}

export function defineSubcommand<const O extends Options = Record<never, never>>(
  definition: Definition<O>,
): Subcommand {
  const { name, summary, exits } = definition;
  const help = helpOf(definition);
  return {
    name,
    summary,
    help,
    async run(args, terminal) {
      if (asksForHelp(args)) {
        terminal.out.write(help);
        return 0;
      }
      try {
        const { values, positionals } = parse(definition, args);
        return await definition.run(values, positionals, terminal);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        terminal.err.write(`${error.message}\n${usageOf(definition)}\n`);
        return Number(Object.keys(exits).find((code) => exits[Number(code)] === 'usage'));
      }
    },
  };
}

function asksForHelp(args: string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

/** @throws {UsageError} */
function parse<O extends Options>({ takes = [], options }: Definition<O>, args: string[]) {
  try {
    const config: ParseArgsConfig = { args, allowPositionals: true, options: parsable(options) };
    const { values, positionals } = parseArgs(config);
    const needed = takes.filter((one) => !one.startsWith('['));
    if (positionals.length < needed.length) throw new Error(`${needed[positionals.length]} is missing`);
    if (positionals.length > takes.length) throw new Error(`${positionals[takes.length]} is one too many`);
    return { values: values as Values<O>, positionals };
  } catch (error) {
    // What Node advises beside it is about arguments that no subcommand takes.
    throw new UsageError((error as Error).message.replace(/\. To specify .*/s, ''));
  }
}

function parsable(options: Options = {}): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      if (option.type === 'boolean') return [name, { type: option.type, default: false }];
      if (option.isRepeated) return [name, { type: option.type, multiple: true, default: [] }];
      return [name, { type: option.type, ...(option.default !== undefined && { default: option.default }) }];
    }),
  );
}

function usageOf({ name, takes = [], options = {} as never }: Definition<Options>): string {
  const given = Object.entries(options as Options).map(([option, one]) => `[${flagOf(option, one)}]`);
  return `usage: plearoll ${[name, ...takes, ...given].join(' ')}`;
}

function helpOf(definition: Definition<Options>): string {
  const { summary, options = {}, notes, exits } = definition;
  const flags = Object.entries(options).map(([name, option]) => [flagOf(name, option), option.help] as const);
  const rows = [...flags, ['--help', 'prints this'] as const];
  const width = Math.max(...rows.map(([flag]) => flag.length));
  const codes = Object.entries(exits).map(([code, meaning]) => `${code} ${meaning}`);
  return [
    usageOf(definition),
    '',
    summary,
    '',
    ...rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`),
    ...(notes === undefined ? [] : ['', notes]),
    '',
    `exit codes: ${codes.join(', ')}`,
    '',
  ].join('\n');
}

function flagOf(name: string, option: Option): string {
  return option.type === 'boolean' ? `--${name}` : `--${name} ${option.value}`;
}
