/** The sequencer and the signer end at each of their steps; what the log must be afterwards is looked at after every blow. */
import type { Fault } from './blow.ts';
import { killAt } from './killing.ts';

/** A signer comes to it twice a second. */
const SOON = 4;

export const LOG_FAULTS: Fault[] = [
  killAt('L1', 'worker', 'queue_taken', 'as sequencer, after it has taken from the queue'),
  killAt('L2', 'worker', 'leaves_added', 'as sequencer, when the leaves have their places and the size is what it was'),
  killAt('L3', 'worker', 'log_moved', 'as sequencer, before COMMIT'),
  killAt('L4', 'signer', 'growth_read', 'when it has read what is new', SOON),
  killAt('L5', 'signer', 'publishing', 'when its state is on the disk, and the checkpoint in no table', SOON),
  killAt('L6', 'signer', 'in_transaction', 'before COMMIT of the checkpoint', SOON),
  killAt('L7', 'signer', 'committed', 'after COMMIT, before it delivers', SOON),
  killAt('L8', 'signer', 'delivering', 'when the checkpoint is with its sink, and that is not written down', SOON),
];
