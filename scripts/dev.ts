/**
 * `npm run dev`: the compiler watches the sources, and `npm start` is stopped in order and started again after each build.
 * Arguments behind `--` go to the start. A build with type errors is started too: the compiler has told of them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = ['src', 'jobs', 'migrations'];
/** A build writes many files: the restart waits until none was written for so long. */
const QUIET_MS = 300;

const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;
// Each in a process group of its own: Ctrl-C is passed on by this process alone, and to the compiler behind its script too.
const run = (args: string[]) => spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit', detached: true });
const start = () => run(['dist/src/processes/embedded.js', ...process.argv.slice(2)]);

const compiler = run([
  'node_modules/typescript/bin/tsc',
  '-p',
  'tsconfig.build.json',
  '--watch',
  '--preserveWatchOutput',
]);
let server = start();
let restart = Promise.resolve();
let isStopping = false;
let quiet: NodeJS.Timeout | undefined;

for (const part of BUILT) {
  watch(join(ROOT, 'dist', part), { recursive: true }, (_, file) => {
    if (!file?.endsWith('.js')) return;
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      restart = restart.then(startAgain);
    }, QUIET_MS);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (isOver(child)) return;
  process.kill(-child.pid!, 'SIGTERM');
  await once(child, 'exit');
}

async function startAgain(): Promise<void> {
  if (isStopping) return;
  await end(server);
  if (!isStopping) server = start();
}

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  clearTimeout(quiet);
  await Promise.all([end(compiler), restart.then(() => end(server))]);
  process.exit();
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
compiler.once('exit', stop);
