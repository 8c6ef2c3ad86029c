import { configDefaults, defineConfig } from 'vitest/config';
import { isEverything } from './test/support/everything.ts';
import LongestFirst from './test/support/longestFirst.ts';

/**
 * Functions and values alone: neither a server nor a process nor compiled output, and done in three seconds. Much else is
 * as pure, and takes longer or loads all of the API: walks, hearings, slots, chains, trees, bundles, properties, models, signatures, the
 * texts and sheets of others, what is kept, and the like.
 */
const PURE = [
  'test/{audit,behaviour,contact,court,guard,institutions,policies,threats}/**/!(walk|hearings|punish).test.ts',
  'test/logins/context/*.test.ts',
  'test/feeds/{*,conflicts/*,matches/*,pace/*,people/*}.test.ts',
  'test/gallery/{*,messages/*,visits/*}.test.ts',
  'test/client/pieces.test.ts',
  'test/core/localDay.test.ts',
  'test/core/proof/!(merkle|tiles|witness).test.ts',
  'test/faults/{clusterNodes,judge,judgeLog,listenersJudge,releaseFiles}.test.ts',
  'test/infra/{backlog,gathering,geoIp,networks,outboundParts,redisUrl,settings,trial}.test.ts',
  'test/integrity/{recordReport,streamKinds,sweepCanaries,tables}.test.ts',
  'test/live/!(asyncapi|answers|typedClient).test.ts',
  'test/verifier/!(anchor|mangled|soundEvents|twin|verifyBundle|zip).test.ts',
  'test/relay/{presenceClock,signedHeads,tokenWatch,topology,turnout}.test.ts',
  'test/{deploy,docs,readme,vocabulary}.test.ts',
];
const ON_A_KIND = ['test/{http,relay,jobs,journeys}/**/*.test.ts'];
const VERSIONS = ['test/versions/*.test.ts'];
/**
 * What the kinds do by code of their own, and where many processes share the work: the queue, the broadcast, the limiter, who is there. The
 * rest asks neither which of them there is nor how many processes there are, and `npm test` has it on the embedded kind alone.
 */
const ON_BOTH_KINDS = ['test/http/{cache,queues}.test.ts', 'test/jobs/{rotateTickets,schedule}.test.ts'];
/** Where two of each process can go wrong in every way in which one can: `npm test` has them on the distributed kind alone. */
const ON_THE_HARDER_KIND = [
  'test/http/{backlog,backpressure,dashboard,galleryRaces,guard,guardFaults,idempotency,limits,limitsAlone,metrics,operations,racing,racingPolicies,redrive,rooms,sockets}.test.ts',
  'test/jobs/{lockedStreams,watchPresence}.test.ts',
  'test/journeys/{publicFinal,rounds}.test.ts',
  'test/relay/{admissionLimits,drain,feeds,feedsFaults,galleryInstances,live,observers,presence,presenceMessages,refusals,resume,revocation}.test.ts',
];
/** What strikes again, at random and for long, where a test of its own strikes once; what compiles other people's code; what a million rows show. */
const ONLY_IN_EVERYTHING = [
  'test/faults/{backup,chaos,crowd,operators,redisCluster}.test.ts',
  'test/live/typedClient.test.ts',
  'test/core/{behaviourPlans,feedPlans,hotPlans,listPlans,loginPlans,pendingPlans,plans,policyPlans,presencePlans}.test.ts',
  'test/integrity/{log/logPlans,matrix/chainCells}.test.ts',
  'test/{benches,installScripts}.test.ts',
  'test/relay/stalled.test.ts',
];
const LEFT_OUT = isEverything ? [] : ONLY_IN_EVERYTHING;

/**
 * The suite runs beside other work, where what takes a second may take ten; who waits in vain still fails. Faults have longer
 * (test/support/failures.ts).
 */
const WITHIN_MS = isEverything ? 120_000 : 60_000;

const withServers = {
  globalSetup: ['test/support/globalSetup.ts'],
  setupFiles: ['test/support/failures.ts'],
  testTimeout: WITHIN_MS,
  hookTimeout: WITHIN_MS,
  expect: { poll: { timeout: 20_000 } },
  pool: 'forks' as const,
  // What is tested is loaded once for each worker, which takes longer than most files do. No file leaves anything behind.
  isolate: false,
  // More than half of it is waiting: for locks, leases and limits. What all of the suite adds is work.
  maxWorkers: isEverything ? 3 : 5,
  // A project's first files begin while another's last are waiting.
  sequence: { groupOrder: 1 },
  // Both projects load the same modules.
  experimental: { fsModuleCache: true },
};
/** `include` without what another project runs. */
const files = (include: string[], ...without: string[]) => ({
  include,
  exclude: [...configDefaults.exclude, ...without],
});

export default defineConfig({
  test: {
    reporters: ['default', './test/support/slowestFiles.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        // Two, where there are two cores: to load everything twice takes them no longer than once.
        test: {
          ...files(PURE),
          name: 'pure',
          pool: 'threads',
          isolate: false,
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 30_000,
          experimental: { fsModuleCache: true },
        },
      },
      {
        // Everything but the distributed kind: what is shared by all of it is loaded once for each worker.
        test: {
          ...withServers,
          ...files(
            ['test/**/*.test.ts'],
            ...PURE,
            ...(isEverything ? [] : [...ON_THE_HARDER_KIND, ...VERSIONS]),
            ...LEFT_OUT,
          ),
          name: 'servers',
          // What generates types needs the compiler's own interface, which it has no more since 7.
          alias: { typescript: 'typescript-5' },
          server: { deps: { inline: ['openapi-typescript'] } },
        },
      },
      {
        test: {
          ...withServers,
          ...files(isEverything ? ON_A_KIND : [...ON_BOTH_KINDS, ...ON_THE_HARDER_KIND], ...PURE),
          name: 'distributed',
          env: { TEST_KIND: 'distributed' },
        },
      },
    ],
  },
});
