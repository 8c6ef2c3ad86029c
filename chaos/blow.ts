/** What a fault does to the system, and what it leaves to be done and looked at. */
import type { Dice } from './dice.ts';
import type { Stage } from './stage.ts';

/** What a blow was, and what is left to be done when all is well again in spite of it. */
export interface Blow {
  /** When it fell, on the clock of performance.now(). */
  struck_ms: number;
  /** Under load: ends what the blow still does. */
  mend?(): Promise<unknown>;
  /** When all has come to rest. @returns what is wrong beside what is always looked at */
  look?(): Promise<string[]>;
}

export interface Fault {
  id: string;
  what: string;
  /** How late listeners may be told after the blow. */
  told_within_ms?: number;
  /** Processes of earlier versions answer meanwhile. */
  metOlder?: boolean;
  strike(stage: Stage, dice: Dice): Promise<Blow>;
}
