/**
 * How fast bundles are verified offline, chain, payloads, Merkle proof and checkpoint, on two cores; beside it OpenSSL's rate of
 * hashing and the plain Python check. Each run is repeated with 1, 10 and 1,000 corruptions, which must be found exactly: a
 * fast verifier that misses one is none.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchOptions } from './options.ts';
import { keepResults, median, table } from './report.ts';
import { type Corpus, dropCorpus, EVENTS, openCorpus, zipFolder } from './verifyCorpus.ts';
import { opensslBlocks, runPython } from './verifyPeers.ts';
import { benchServer } from './verifyServer.ts';
import type { Done, Work } from './verifyWorker.ts';

const CORES = 2;
const CORRUPTIONS = [0, 1, 10, 1_000];
/** Bundles as zips, which take more time to unpack than to verify. */
const ZIPS = 400;
/** Blocks of SHA-256 for an event of the corpus: its envelope, its payload, its node. */
const BLOCKS = 7 + 5 + 2;

export async function benchVerify(options: BenchOptions): Promise<void> {
  const isAsked = (part: string) => options.only.length === 0 || options.only.includes(part);
  if (isAsked('offline')) await benchOffline(options);
  if (isAsked('zips')) await benchZips(options);
  if (isAsked('server')) await benchServer(options);
}

async function benchOffline({ rounds, sessions }: BenchOptions): Promise<void> {
  const corpus = await openCorpus(sessions);
  await withWorkers(sessions, async (workers) => {
    const runs = await measureAll({ corpus, workers, rounds, isZipped: false });
    const python = runPython(corpus);
    const blocks = opensslBlocks();
    const [clean] = runs;
    const share = ((clean!.per_second * BLOCKS) / (blocks * CORES)) * 100;
    const rows = runs.map((run) => [`ours, ${run.corruptions} corruptions`, Math.round(run.per_second), run.peak_mib]);
    console.log(table(['', 'events/s', 'MiB a process'], [...rows, ['Python, one core', Math.round(python), '']]));
    console.log(`${share.toFixed(0)} % of what OpenSSL hashes on ${CORES} cores`);
    await keepResults('verify', {
      sessions,
      events: corpus.events,
      cores: CORES,
      runs,
      python_per_second: python,
      openssl_blocks_per_second: blocks,
      openssl_share_percent: share,
    });
  });
}

/** The same bundles as the server gives them out, each a zip. */
async function benchZips({ rounds, sessions }: BenchOptions): Promise<void> {
  const { folders, ...whole } = await openCorpus(sessions);
  const corpus = { ...whole, folders: folders.slice(0, ZIPS), events: Math.min(ZIPS, sessions) * EVENTS };
  await withWorkers(sessions, async (workers) => {
    for (const folder of corpus.folders) await zipFolder(folder);
    const runs = await measureAll({ corpus, workers, rounds, isZipped: true });
    const rows = runs.map((run) => [`zips, ${run.corruptions} corruptions`, Math.round(run.per_second), run.peak_mib]);
    console.log(table(['', 'events/s', 'MiB a process'], rows));
    await keepResults('verify-zips', { zips: corpus.folders.length, events: corpus.events, cores: CORES, runs });
  });
}

async function withWorkers(sessions: number, work: (workers: ChildProcess[]) => Promise<void>): Promise<void> {
  const workers = Array.from({ length: CORES }, () =>
    fork(fileURLToPath(new URL('./verifyWorker.js', import.meta.url))),
  );
  try {
    await work(workers);
  } catch (error) {
    await dropCorpus(sessions);
    throw error;
  } finally {
    for (const worker of workers) worker.disconnect();
  }
}

interface Measured {
  corpus: Corpus;
  workers: ChildProcess[];
  rounds: number;
  isZipped: boolean;
}

async function measureAll(measured: Measured) {
  // The files come into the page cache, and the verifier is compiled.
  await measure({ ...measured, rounds: 1 }, 0);
  const runs = [];
  for (const count of CORRUPTIONS.filter((one) => one <= measured.corpus.events / 2))
    runs.push(await measure(measured, count));
  return runs;
}

async function measure({ corpus, workers, rounds, isZipped }: Measured, corruptions: number) {
  const expected = await corrupt(corpus, corruptions);
  const touched = [...new Set(expected.map((one) => one.split(' ')[0]!))];
  const zipTouched = async () => {
    if (isZipped) for (const folder of touched) await zipFolder(folder);
  };
  await zipTouched();
  const rates: number[] = [];
  let peak_mib = 0;
  for (let i = 0; i < rounds; i += 1) {
    const since = performance.now();
    const done = await Promise.all(workers.map((worker, n) => run(worker, share(corpus, n, isZipped))));
    rates.push((corpus.events / (performance.now() - since)) * 1_000);
    peak_mib = Math.max(peak_mib, ...done.map((one) => one.peak_mib));
    const found = done.flatMap(({ findings }) => findings).toSorted();
    const intact = done.reduce((sum, one) => sum + one.intact, 0);
    if (found.join() !== expected.join() || intact !== corpus.folders.length - touched.length) {
      throw new Error(`of ${corruptions} corruptions it found ${found.length}, ${intact} bundles intact`);
    }
  }
  await corrupt(corpus, 0, expected);
  await zipTouched();
  return { corruptions, per_second: median(rates), peak_mib };
}

const share = ({ folders, vkey, note }: Corpus, n: number, isZipped: boolean): Work => ({
  ...{ folders: folders.filter((_, i) => i % CORES === n), isZipped, vkey, note },
});

function run(worker: ChildProcess, work: Work): Promise<Done> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`a worker ended with ${code}`));
    worker.once('exit', onExit);
    worker.once('message', (done: Done) => {
      worker.off('exit', onExit);
      resolve(done);
    });
    worker.send(work);
  });
}

/** Turns a digit of the salts of so many events, or those of before back. @returns the findings that this must give */
async function corrupt({ folders }: Corpus, count: number, undone: string[] = []): Promise<string[]> {
  const chosen = new Set(undone);
  while (chosen.size < count) chosen.add(`${folders[randomInt(folders.length)]} payload ${randomInt(1, EVENTS + 1)}`);
  for (const one of chosen) {
    const [folder, , sequence] = one.split(' ');
    await turnSalt(join(folder!, 'payloads.ndjson'), Number(sequence));
  }
  return [...chosen].toSorted();
}

async function turnSalt(path: string, sequence: number): Promise<void> {
  const text = await readFile(path, 'latin1');
  const at = text.indexOf('"salt":"', text.indexOf(`{"sequence":${sequence},`)) + 8;
  const handle = await open(path, 'r+');
  await handle.write((Number.parseInt(text[at]!, 16) ^ 1).toString(16), at, 'latin1');
  await handle.close();
}
