/**
 * `plearoll start` (`npm start`): everything in one process. Without DATABASE_URL it brings its own Postgres, with its data in
 * PLEAROLL_HOME; `--demo` plays a short round afterwards.
 */

import { playDemo } from '../cli/demo.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { startEmbeddedPostgres } from '../infra/postgres/embeddedPostgres.ts';
import { type Home, HomeInUseError, openHome, readOrMakeSecret } from '../infra/postgres/plearollHome.ts';
import { endOnNewerSchema } from '../infra/postgres/schemaWatch.ts';
import type { Config } from '../infra/process/config.ts';
import { runProcess, type Started } from '../infra/process/runProcess.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';
import { startWatchdog, type Watch } from '../infra/process/watchdog.ts';
import { startAll } from './startAll.ts';

const say = (line: string) => console.log(line);

export const start = defineSubcommand({
  name: 'start',
  summary: 'Runs everything in one process, with a Postgres of its own where DATABASE_URL names none; Ctrl-C stops it.',
  options: {
    demo: { type: 'boolean', help: 'plays a short round with a live listener, verifies the record, and stays up' },
  },
  notes: 'Settings are environment variables: plearoll settings lists them.',
  exits: { 0: 'stopped', 1: 'could not start', 3: 'usage' },
  async run({ demo }) {
    await startEverything(demo);
    return 0;
  },
});

/** @returns once it runs, and the demo is over */
async function startEverything(withDemo: boolean): Promise<void> {
  let demo: (() => Promise<void>) | undefined;
  await runProcess('all', async (config, stop) => {
    // A process that stands still answers nobody and hears no signal: better that it dies, and is started again.
    const { watch } = startWatchdog('all');
    const secret = config.JWT_SECRET ?? (await readOrMakeSecret(config.PLEAROLL_HOME));
    const started: Running = config.DATABASE_URL
      ? await startAll(config, config.DATABASE_URL, secret, { watch, stop })
      : await startAlone(config, secret, watch, stop);
    const url = `http://${config.HOST}:${started.port}`;
    await started.publish?.(url);
    say(`ready ${url}`);
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

async function startAlone(config: Config, secret: string, watch: Watch, stop: AbortSignal): Promise<Running> {
  const home = await openHome(config.PLEAROLL_HOME).catch(explainHomeInUse);
  try {
    const postgres = await startEmbeddedPostgres({ home: home.path, say, stop });
    try {
      const started = await startAll(config, postgres.url, secret, { watch, stop });
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
