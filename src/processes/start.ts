/**
 * `plearoll start` (`npm start`): everything in one process. Without DATABASE_URL it brings its own Postgres, with its data in
 * PLEAROLL_HOME; `--demo` shows a round of a tournament and plays a short one afterwards.
 */

import { playDemo } from '../cli/demo.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { tokenIssuer } from '../infra/issueToken.ts';
import { startEmbeddedPostgres } from '../infra/postgres/embeddedPostgres.ts';
import { type Home, HomeInUseError, openHome, readOrMakeSecret } from '../infra/postgres/plearollHome.ts';
import { endOnNewerSchema } from '../infra/postgres/schemaWatch.ts';
import type { Config } from '../infra/process/config.ts';
import { addressOf } from '../infra/process/httpServer.ts';
import { runProcess, type Started } from '../infra/process/runProcess.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';
import { startWatchdog } from '../infra/process/watchdog.ts';
import { createTrial, offersTrial } from '../infra/trial.ts';
import { type StartOptions, startAll } from './startAll.ts';

const say = (line: string) => console.log(line);

export const start = defineSubcommand({
  name: 'start',
  summary: 'Runs everything in one process, with a Postgres of its own where DATABASE_URL names none; Ctrl-C stops it.',
  options: {
    demo: {
      type: 'boolean',
      help: 'brings in a round, plays a short one with a live listener, verifies the record, and stays up',
    },
  },
  notes: 'Settings are environment variables: plearoll settings lists them.',
  exits: { 0: 'stopped', 1: 'could not start', 3: 'usage' },
  async run({ demo }, _, { env, out }) {
    await startEverything({ withDemo: demo, isQuiet: demo && !env.ACCESS_LOG_LEVEL, isTerminal: out.isTTY === true });
    return 0;
  },
});

interface Manner {
  withDemo: boolean;
  /** Its requests are its own: nobody wants to read them between the demo's lines. */
  isQuiet: boolean;
  isTerminal: boolean;
}

/** @returns once it runs, and the demo is over */
async function startEverything({ withDemo, isQuiet, isTerminal }: Manner): Promise<void> {
  let demo: (() => Promise<void>) | undefined;
  await runProcess('all', async (given, stop) => {
    const config: Config = isQuiet ? { ...given, ACCESS_LOG_LEVEL: 'silent' } : given;
    // A process that stands still answers nobody and hears no signal: better that it dies, and is started again.
    const { watch } = startWatchdog('all');
    const secret = config.JWT_SECRET ?? (await readOrMakeSecret(config.PLEAROLL_HOME));
    const trial = offersTrial(config, isTerminal) ? createTrial(tokenIssuer(config, secret)!) : undefined;
    const options = { watch, stop, say, trial };
    const started: Running = config.DATABASE_URL
      ? await startAll(config, config.DATABASE_URL, secret, options)
      : await startAlone(config, secret, options);
    const url = addressOf(config.HOST, started.port);
    await started.publish?.(url);
    say(`ready ${url}`);
    if (trial) say(`open ${url}/#try=${trial.code}`);
    say('token: npx --no-install plearoll token --role admin --institution <uuid>   (docs at /api/docs)');
    const explain = (error: Error) => {
      if (!stop.aborted) say(`demo: it could not be played to its end: ${error.message}`);
    };
    if (withDemo) demo = () => playDemo(url, secret, say).catch(explain);
    return { ...started, steps: [endOnNewerSchema(started.db, started.log), ...started.steps] };
  });
  // Only now: a signal during the demo stops what runs, like at any other time.
  await demo?.();
}

type Running = Started & { port: number; db: Queryable; publish?: Home['publish'] };

async function startAlone(
  config: Config,
  secret: string,
  options: StartOptions & { stop: AbortSignal },
): Promise<Running> {
  const home = await openHome(config.PLEAROLL_HOME).catch(explainHomeInUse);
  try {
    const postgres = await startEmbeddedPostgres({ home: home.path, say, stop: options.stop });
    try {
      const started = await startAll(config, postgres.url, secret, options);
      let stopping = false;
      postgres.onExit((code) => {
        if (stopping) return;
        started.log.fatal({ code }, 'Postgres has ended');
        process.kill(process.pid, 'SIGTERM');
      });
      const expectEnd = () => {
        stopping = true;
      };
      const steps = [
        { name: 'intent', run: expectEnd },
        ...started.steps,
        { name: 'postgres', run: () => postgres.stop() },
        { name: 'home', run: () => home.release() },
      ];
      return { ...started, steps, publish: home.publish };
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  } catch (error) {
    await home.release();
    throw error;
  }
}

function explainHomeInUse(error: unknown): never {
  if (!(error instanceof HomeInUseError)) throw error;
  const where = error.url ?? 'starting just now';
  throw new Error(`already running as process ${error.pid}: ${where}`);
}
