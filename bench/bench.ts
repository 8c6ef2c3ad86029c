/**
 * `npm run bench` runs every benchmark, `npm run bench -- <name>` one of them. Options: --seconds 8, --rounds 1,
 * --connections 1,64,256, --lanes 1,2,4, --listeners 10000, --sessions 2000, --only offline,zips,server (verify), --only ours,direct,naive (relay: ours,ours-socketio,adapter,streams,nats),
 * --parts rooms,one_room,replay,storm,slow (relay; room,decisions,doors: gallery), --smoke (gallery, feeds, risk), --old 2000000 --under-way 2500,10000 (grown), --quiet 100.
 */
import { parseArgs } from 'node:util';
import { benchAssurance } from './assurance.ts';
import { benchCheckpoints } from './checkpoints.ts';
import { benchClient } from './client.ts';
import { benchCold } from './cold.ts';
import { benchCommands } from './commands.ts';
import { benchFeeds } from './feeds.ts';
import { benchGallery } from './gallery.ts';
import { benchGrown } from './grown.ts';
import { benchLanes } from './lanes.ts';
import { benchLimiter } from './limiter.ts';
import type { BenchOptions } from './options.ts';
import { benchRelay } from './relay.ts';
import { benchRest } from './rest.ts';
import { benchRisk } from './risk.ts';
import { benchSequencing } from './sequencing.ts';
import { benchStart } from './start.ts';
import { benchVerify } from './verify.ts';

const BENCHMARKS: Record<string, (options: BenchOptions) => Promise<void>> = {
  commands: benchCommands,
  start: benchStart,
  rest: benchRest,
  client: benchClient,
  limiter: benchLimiter,
  relay: benchRelay,
  gallery: benchGallery,
  feeds: benchFeeds,
  verify: benchVerify,
  sequencing: benchSequencing,
  assurance: benchAssurance,
  checkpoints: benchCheckpoints,
  grown: benchGrown,
  cold: benchCold,
  lanes: benchLanes,
  risk: benchRisk,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '1,64,256' },
    lanes: { type: 'string', default: '1,2,4' },
    only: { type: 'string', default: '' },
    parts: { type: 'string', default: '' },
    listeners: { type: 'string', default: '10000' },
    sessions: { type: 'string', default: '2000' },
    old: { type: 'string', default: '2000000' },
    'under-way': { type: 'string', default: '2500,10000' },
    quiet: { type: 'string', default: '100' },
    smoke: { type: 'boolean', default: false },
  },
});
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => interruption.abort());
const options: BenchOptions = {
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  connections: values.connections.split(',').map(Number),
  lanes: values.lanes.split(',').map(Number),
  only: values.only.split(',').filter(Boolean),
  parts: values.parts.split(',').filter(Boolean),
  listeners: Number(values.listeners),
  sessions: Number(values.sessions),
  old: Number(values.old),
  underWay: values['under-way'].split(',').map(Number),
  quiet: Number(values.quiet) / 100,
  smoke: values.smoke,
  signal: interruption.signal,
};
const unknown = positionals.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join()}; there are ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHMARKS)) {
  console.error(`${name}:`);
  await BENCHMARKS[name]!(options);
}
