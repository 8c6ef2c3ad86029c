/** What a relay weighs once its garbage is collected. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Weight {
  /** MiB that are in use: of the heap and of buffers outside of it. */
  used: number;
  /** MiB of resident memory, with what V8 keeps for later. */
  resident: number;
}

export interface Scales {
  /** For the relay's environment. */
  settings: Record<string, string>;
  /** @throws where it does not answer */
  weigh(pid: number): Promise<Weight>;
  remove(): void;
}

const PRELOADED = new URL('./weigh.js', import.meta.url).href;
const WITHIN_MS = 20_000;

export function openScales(): Scales {
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-bench-weight-'));
  const file = join(folder, 'weight.json');

  async function weigh(pid: number): Promise<Weight> {
    rmSync(file, { force: true });
    process.kill(pid, 'SIGUSR2');
    const deadline = performance.now() + WITHIN_MS;
    while (performance.now() < deadline) {
      await sleep(50);
      const text = read();
      if (text === undefined) continue;
      const { used, resident } = JSON.parse(text) as Weight;
      return { used: used / 2 ** 20, resident: resident / 2 ** 20 };
    }
    throw new Error(`process ${pid} did not say what it weighs`);
  }

  function read(): string | undefined {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  }

  const settings = { NODE_OPTIONS: `--import ${PRELOADED}`, BENCH_WEIGHT_FILE: file };
  return { settings, weigh, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
