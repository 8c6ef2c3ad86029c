#!/usr/bin/env node
/** `plearoll <command>`: what is used beside a running court. */
import { verify } from './verify.ts';
import { watch } from './watch.ts';

const COMMANDS: { [name: string]: typeof watch } = { verify, watch };

const [name = '', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : undefined;
if (!command) {
  console.error(`usage: plearoll <${Object.keys(COMMANDS).join('|')}>`);
  process.exit(2);
}
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
process.exitCode = await command(args, {
  env: process.env,
  out: process.stdout,
  err: process.stderr,
  signal: interruption.signal,
});
