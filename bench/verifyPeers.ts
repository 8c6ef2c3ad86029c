/** What stands beside our verifiers: the plain check that anybody could write, and how fast OpenSSL hashes here. */
import { execFileSync } from 'node:child_process';
import { type Corpus, EVENTS } from './verifyCorpus.ts';

/** Bundles for Python, which takes its time. */
const SAMPLE = 200;

/** Chain and payloads alone, in one process, as anybody could write it in ten minutes. */
const PYTHON = `
import hashlib, json, sys
for folder in sys.argv[1:]:
    prev = "0" * 64
    for line, own in zip(open(folder + "/events.ndjson", "rb"), open(folder + "/payloads.ndjson", "rb")):
        e, p, line = json.loads(line), json.loads(own), line[:-1]
        assert json.dumps(e, sort_keys=True, separators=(",", ":")).encode() == line and e["prev"] == prev
        assert hashlib.sha256(b"\\2" + bytes.fromhex(p["salt"]) + p["payload"].encode()).hexdigest() == e["commit"]
        prev = hashlib.sha256(b"\\0" + line).hexdigest()`;

/** @returns events a second of one core */
export function runPython({ folders }: Corpus): number {
  const sample = folders.slice(0, SAMPLE);
  const since = performance.now();
  execFileSync('python3', ['-c', PYTHON, ...sample]);
  return (sample.length * EVENTS * 1_000) / (performance.now() - since);
}

/** Blocks of 64 bytes a second that one core hashes in pieces of 384 bytes. */
export function opensslBlocks(): number {
  const args = ['speed', '-mr', '-seconds', '1', '-bytes', '384', '-evp', 'sha256'];
  const said = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return Number(/^\+F:\d+:sha256:([\d.]+)/im.exec(said)?.[1] ?? Number.NaN) / 64;
}
