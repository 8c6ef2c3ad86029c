/**
 * `npm run chaos -- [--minutes 5] [--rounds N] [--seed S] [--only K1,K6]`: real processes, a real Postgres and a real
 * Redis, struck again and again under load, with everything checked after every blow. Ends with 1 when a promise was
 * broken. `--kills 50` kills so many processes, and it is a broken promise too when one recovery takes over 2 s.
 * `--soak 10` is ten minutes of load and nothing else. `--crowd 500 --minutes 5` is a crowd of listeners that come and go
 * while relays are killed. `--upgrade` rolls earlier versions over to this one and back (`--release <commit>`: one of them).
 * `--cluster` is a Redis Cluster that loses nodes and moves slots.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { CLUSTER_FAULTS } from './clusterFaults.ts';
import { runCrowdSoak } from './crowdSoak.ts';
import { FAULTS } from './faults.ts';
import { type RoundsOptions, runRounds } from './rounds.ts';
import { runSoak } from './soak.ts';
import { runUpgrades } from './upgrade.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    rounds: { type: 'string' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    only: { type: 'string' },
    kills: { type: 'string' },
    soak: { type: 'string' },
    crowd: { type: 'string' },
    upgrade: { type: 'boolean', default: false },
    release: { type: 'string', default: '' },
    cluster: { type: 'boolean', default: false },
  },
});
const { minutes, rounds, only, kills, soak, crowd } = values;
const RECOVER_WITHIN_MS = { usually: Number.POSITIVE_INFINITY, whenKilled: 2_000 };

const all = values.cluster ? CLUSTER_FAULTS : FAULTS;
const names = all.map(({ id }) => id);
const asked = only?.split(',') ?? names;
const unknown = asked.filter((id) => !names.includes(id));
if (unknown.length > 0) {
  console.error(`no fault is called ${unknown.join()}; there are ${names.join()}`);
  process.exit(2);
}
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interruption.abort());
const shared = { seed: Number(values.seed), isCluster: values.cluster, signal: interruption.signal };
const usual: RoundsOptions = {
  ...shared,
  most_ms: rounds === undefined ? Number(minutes) * 60_000 : Number.POSITIVE_INFINITY,
  most_rounds: rounds === undefined ? Number.POSITIVE_INFINITY : Number(rounds),
  faults: all.filter(({ id }) => asked.includes(id)),
  recover_within_ms: RECOVER_WITHIN_MS.usually,
};
const killing: RoundsOptions = {
  ...shared,
  most_ms: Number.POSITIVE_INFINITY,
  most_rounds: Number(kills),
  faults: FAULTS.filter(({ id }) => id.startsWith('kill-')),
  recover_within_ms: RECOVER_WITHIN_MS.whenKilled,
};
function run(): Promise<boolean> {
  const { signal } = interruption;
  if (soak !== undefined) return runSoak({ minutes: Number(soak), signal });
  if (values.upgrade) return runUpgrades({ ...shared, only: values.release });
  if (crowd !== undefined) return runCrowdSoak(Number(crowd), Number(minutes), signal);
  return runRounds(kills === undefined ? usual : killing);
}

process.exit((await run()) ? 0 : 1);
