/**
 * Runs on one server under conditions that are switched in between: by turns, so that a machine that gets slower favours none.
 * Where others use the machine too, rates say little: what counts then is the processor time of all processes for each command.
 */
import type { Grounds } from './grounds.ts';
import { type Contestant, measurePoint } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { median, table } from './report.ts';

export interface Condition<Name extends string> {
  name: Name;
  enter(): Promise<void>;
  /** Back to what all of them begin with. */
  leave?(): Promise<void>;
}

/** Of each round, in the order of rounds. */
export interface Found {
  per_second: number[];
  /** Microseconds of all processes for each command. */
  cpu_us: number[];
}

const CONNECTIONS = 64;

/** One round more than told comes first, and does not count. */
export async function measureConditions<Name extends string>(
  grounds: Grounds,
  contestant: Contestant,
  conditions: readonly Condition<Name>[],
  { rounds, seconds, signal }: Pick<BenchOptions, 'rounds' | 'seconds' | 'signal'>,
): Promise<Record<Name, Found>> {
  const empty = (): Found => ({ per_second: [], cpu_us: [] });
  const found = Object.fromEntries(conditions.map(({ name }) => [name, empty()])) as Record<Name, Found>;
  for (let round = -1; round < rounds; round += 1) {
    for (const { name, enter, leave } of round % 2 === 0 ? conditions : conditions.toReversed()) {
      await enter();
      const point = await measurePoint(grounds, contestant, { connections: CONNECTIONS, seconds, signal });
      await leave?.();
      const used = Object.values(point.cpu_us).reduce((sum, group) => sum + group, 0);
      console.error(`${name}: ${Math.round(point.per_second)}/s, ${Math.round(used)} us a command`);
      // In the first, code is compiled.
      if (round < 0) continue;
      found[name].per_second.push(point.per_second);
      found[name].cpu_us.push(used);
    }
  }
  return found;
}

/** Medians of the rounds' ratios: above one where the first is better. */
export function ratiosOf(one: Found, other: Found): { ratio: number; cpu_ratio: number } {
  return {
    ratio: median(one.per_second.map((rate, i) => rate / other.per_second[i]!)),
    cpu_ratio: median(other.cpu_us.map((used, i) => used / one.cpu_us[i]!)),
  };
}

export function tableOf(what: string, found: Record<string, Found>): string {
  const rows = Object.entries(found).map(([name, { per_second, cpu_us }]) => [
    ...[name, Math.round(median(per_second)), Math.round(median(cpu_us))],
  ]);
  return table([what, 'commands/s', 'us/command'], rows);
}
