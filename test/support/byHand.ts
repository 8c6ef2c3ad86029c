/** Runs a timed job or a task by hand, as an operator does, beside the processes of a stack. */
import { onDemand, timetable } from '../../jobs/schedule.ts';
import { createTickRunner } from '../../jobs/ticks/tickRunner.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { catalog } from '../../src/modules.ts';
import type { Stack } from './stack.ts';

/** @returns what it did. @throws where it failed */
export async function runByHand({ backbones }: Stack, name: string, input: JsonObject = {}): Promise<JsonObject> {
  const backbone = backbones[0]!;
  const [pool, verifierPool] = [backbone.openPool('worker', 3), backbone.openPool('verifier', 2)];
  try {
    const runner = createTickRunner({ backbone, pool, verifierPool, catalog, timetable, onDemand });
    const ending = await runner.runByHand(name, input);
    if (ending?.status !== 'succeeded') throw new Error(`${name} ended with ${JSON.stringify(ending)}`);
    await runner.close();
    return ending.result;
  } finally {
    await Promise.all([pool.end(), verifierPool.end()]);
  }
}
