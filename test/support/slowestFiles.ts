/** Printed at the end of a run: the files that its tests took the longest in. */
import type { Reporter, TestModule } from 'vitest/node';

const SHOWN = 10;

export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= SHOWN) return;
    const slowest = modules
      .map((module) => ({
        file: module.relativeModuleId,
        project: module.project.name,
        ms: module.diagnostic().duration,
      }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, SHOWN);
    const lines = slowest.map(
      ({ file, project, ms }) => `${(ms / 1_000).toFixed(1).padStart(8)} s  ${file} (${project})`,
    );
    console.log(`\n The slowest files:\n${lines.join('\n')}\n`);
  }
}
