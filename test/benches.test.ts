/** Benchmarks that take many processes run from end to end, small: what they find says nothing, but for who gets in, and that boards are told. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { isEverything } from './support/everything.ts';

const WITHIN_MS = 480_000;

test.skipIf(inject('redisUrl') === null)(
  'the benchmark of the gallery runs, and fifty people behind one address get in',
  { timeout: WITHIN_MS },
  async () => {
    const args = ['dist/bench/bench.js', 'gallery', '--smoke'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: WITHIN_MS });
    for (const part of ['from a post to the screens', 'decisions', 'requests a second without a token']) {
      expect(stdout).toContain(part);
    }
    expect(stdout).toContain('50 people behind one address, 255 requests: nobody blocked: reached');
  },
);

test.skipIf(inject('redisUrl') === null || !isEverything)(
  'the benchmark of feeds runs, with errors under 5 % and 95 % within two seconds',
  { timeout: WITHIN_MS },
  async () => {
    const args = ['dist/bench/bench.js', 'feeds', '--smoke'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: WITHIN_MS });
    expect(stdout).toMatch(/ours: errors under 5 % \(.+\) and p95 under 2 s: reached/);
    expect(stdout).toMatch(/^\d+ polls that find nothing new: 0 published$/m);
    expect(stdout).toMatch(/a round of 20 matches brought in from a Tabbycat/);
  },
);
