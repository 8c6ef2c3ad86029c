/**
 * `--upgrade`: each version that releases.json names is rolled over to this one under load, as docs/upgrading.md says, and
 * back again where the schema accepts it. Each way is a round that ends as all do; where there is no way back, the older
 * version has to refuse the database in words.
 */
import { readApplied } from '../src/infra/postgres/schema.ts';
import { startProcess } from '../test/support/processes.ts';
import { SECRET } from '../test/support/secret.ts';
import { type Arena, openArena } from './arena.ts';
import type { Fault } from './blow.ts';
import { rollDice } from './dice.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { buildRelease, namedReleases, ourRelease, type Release } from './release.ts';
import { isAccepted, type Kind } from './releaseFiles.ts';
import type { RoundResult } from './report.ts';
import { conclude, playRound, tellRound } from './rounds.ts';

export interface UpgradeOptions {
  seed: number;
  /** The beginning of the commit of one release; all, unless told. */
  only: string;
  signal: AbortSignal;
}

/** Workers first. On the way back they are last. */
const FORTH: readonly Kind[] = ['worker', 'scheduler', 'signer', 'api', 'relay'];
const BACK = FORTH.toReversed();
/** On a schema that does not accept them. */
const ENDING: readonly Kind[] = ['worker', 'scheduler'];
/** Of the load, while versions stand side by side. */
const ANSWERS_BETWEEN = 30;

/** @returns true when no promise was broken */
export async function runUpgrades({ seed, only, signal }: UpgradeOptions): Promise<boolean> {
  const after = await ourRelease();
  let isClean = true;
  for (const named of namedReleases().filter(({ commit }) => commit.startsWith(only))) {
    if (signal.aborted) break;
    const { commit, what } = named;
    console.log(`\n${commit.slice(0, 12)}, ${what}`);
    const before = await buildRelease(named);
    if (typeof before === 'string') console.log(`LEFT OUT: ${before}`);
    else isClean = (await playUpgrade(before, after, seed)) && isClean;
  }
  return isClean;
}

async function playUpgrade(before: Release, after: Release, seed: number): Promise<boolean> {
  const arena = await openArena({ migrate: before.migrate });
  let fleet: Fleet | undefined;
  try {
    const env = { DATABASE_URL: arena.url, REDIS_URL: arena.redis.url, JWT_SECRET: SECRET };
    fleet = await startFleet(env, arena.folder, { release: before });
    const results = [await play(arena, fleet, roll('forth', before, after), seed)];
    if (isAccepted(before.migrations, await readApplied(arena.pool))) {
      results.push(await play(arena, fleet, roll('back', after, before), seed));
      results.push(await play(arena, fleet, roll('forth-again', before, after), seed));
    } else {
      results[0]!.violations.push(...(await refused(before, env)));
    }
    return await conclude(arena, results);
  } finally {
    await fleet?.stop();
    await arena.stop();
  }
}

async function play(arena: Arena, fleet: Fleet, fault: Fault, seed: number): Promise<RoundResult> {
  const played = await playRound(arena, fleet, fault, rollDice(seed, 0));
  await tellRound(played, fleet, seed, 0);
  return played.result;
}

function roll(way: 'forth' | 'back' | 'forth-again', from: Release, to: Release): Fault {
  return {
    id: way,
    what: `every process becomes one of ${to.name}, ${way === 'back' ? 'workers last' : 'after its migrations, workers first'}`,
    metOlder: true,
    async strike({ arena, fleet, producers }) {
      const unwell: string[] = [];
      if (way !== 'back') await to.migrate(arena.directUrl);
      const struck_ms = performance.now();
      const isAlone = !isAccepted(from.migrations, await readApplied(arena.pool));
      for (const kind of way === 'back' ? BACK : FORTH) {
        await producers.answered(ANSWERS_BETWEEN);
        const ended = await fleet.install(kind, to);
        // What the new schema does not accept ends by itself, with 1, while we come to it.
        if (!(isAlone && ENDING.includes(kind))) unwell.push(...ended);
      }
      return { struck_ms, look: async () => unwell };
    },
  };
}

/** @returns what is wrong with how an older version refuses a newer schema */
async function refused(before: Release, env: Record<string, string>): Promise<string[]> {
  const started = await startProcess('worker', before.entries.worker!, [], { ...env, METRICS_PORT: '0' }).catch(
    (error: Error) => error,
  );
  if (!(started instanceof Error)) {
    started.signal('SIGKILL');
    return [`a worker of ${before.name} starts on a schema that does not accept it`];
  }
  return /newer version of Plearoll/.test(started.message)
    ? []
    : [`a worker of ${before.name} does not say why it refuses the schema: ${started.message.slice(-300)}`];
}
