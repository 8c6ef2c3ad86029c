/** The thread in which models are reckoned: it answers one question after the other, and a fault of one ends it. */
import { parentPort } from 'node:worker_threads';
import { behaviourOf, type Sent } from '../../src/behaviour/behaviour.ts';
import { featuresOf } from '../../src/behaviour/features/features.ts';
import { baselineOf } from '../../src/behaviour/risk/baseline.ts';

const reckonings = {
  vector: (sent: readonly Sent[]) => featuresOf(behaviourOf(sent)),
  baseline: baselineOf,
};
type Reckonings = typeof reckonings;

export type Reckoning = keyof Reckonings;
export type Given<Of extends Reckoning> = Parameters<Reckonings[Of]>[0];
export type Found<Of extends Reckoning> = ReturnType<Reckonings[Of]>;

export interface Question {
  number: number;
  reckoning: Reckoning;
  given: unknown;
}

export interface Reckoned {
  number: number;
  found: unknown;
}

parentPort?.on('message', ({ number, reckoning, given }: Question) => {
  const reckon = reckonings[reckoning] as (given: unknown) => unknown;
  parentPort!.postMessage({ number, found: reckon(given) } satisfies Reckoned);
});
