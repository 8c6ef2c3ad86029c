/** Loaded before everything else of a process under test (lanes.ts). */
import { courtLanes } from '../src/core/definitions/lanes.ts';

courtLanes.count = Number(process.env.BENCH_LANES);
