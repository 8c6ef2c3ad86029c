#!/usr/bin/env node
/** `plearoll <subcommand>`: the command line. Each subcommand is loaded when it is asked for. */
import type { Subcommand, Terminal } from '../infra/process/subcommand.ts';
import { readVersion } from '../infra/process/version.ts';

const SUBCOMMANDS: { [name: string]: () => Promise<Subcommand> } = {
  start: async () => (await import('../processes/start.ts')).start,
  doctor: async () => (await import('./doctor.ts')).doctor,
  token: async () => (await import('./token.ts')).token,
  watch: async () => (await import('./watch.ts')).watch,
  verify: async () => (await import('./verify.ts')).verify,
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await import('./restore.ts')).restore,
  reanchor: async () => (await import('./reanchor.ts')).reanchor,
  witness: async () => (await import('./witness.ts')).witness,
  job: async () => (await import('../../jobs/runJob.ts')).job,
  migrate: async () => (await import('./migrate.ts')).migrate,
  settings: async () => (await import('./settings.ts')).settings,
};
const USAGE = `usage: plearoll <${Object.keys(SUBCOMMANDS).join('|')}> ...`;
const WRONG_USAGE = 2;

let interruption: AbortSignal | undefined;
const terminal: Terminal = {
  env: process.env,
  out: process.stdout,
  err: process.stderr,
  get signal() {
    interruption ??= catchInterruption();
    return interruption;
  },
};
// A reader that has gone, as `head` does, is no fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'EPIPE') throw fault;
  });
}
process.exitCode = await run(process.argv.slice(2));

async function run([name = '', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help') console.log(await overview());
  else if (name === '--version') console.log(readVersion());
  else if (Object.hasOwn(SUBCOMMANDS, name)) return (await SUBCOMMANDS[name]!()).run(args, terminal);
  else {
    if (name !== '') console.error(`${name} is no subcommand`);
    console.error(`${USAGE}\nplearoll --help says what each does, plearoll <subcommand> --help how`);
    return WRONG_USAGE;
  }
  return 0;
}

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(SUBCOMMANDS).map((load) => load()));
  return [USAGE, '', ...all.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`)].join('\n');
}

function catchInterruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
