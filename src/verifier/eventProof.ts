/** The events of a bundle against the root of a checkpoint, as they come, and those that erased some of their payloads. Pure. */
import type { Checkpoint } from '../core/proof/checkpoint.ts';
import type { BundleProof } from './proofFile.ts';
import { count, type Tally } from './report.ts';
import { startTreeProof, TreeProofFault } from './treeProof.ts';

export function startEventProof(proof: BundleProof, { size, root }: Checkpoint, tally: Tally) {
  const tree = startTreeProof(size, proof.hashes);
  const erasing = new Map<number, string>();
  let run = 0;
  let ofRun = 0;
  let unsealed = 0;
  let isBroken = false;

  function attempt(step: () => void): void {
    if (isBroken) return;
    try {
      step();
    } catch (fault) {
      tellBroken(fault);
    }
  }

  /** What is wrong with a proof is told once. */
  function tellBroken(fault: unknown): void {
    if (!(fault instanceof TreeProofFault)) throw fault;
    isBroken = true;
    tally.find('proof', { expected: 'a proof for these events', got: fault.message });
  }

  /** @param event_hash as digits or as bytes */
  function addEvent(event_hash: string | Uint8Array): void {
    const leaves = proof.leaves[run];
    if (!leaves) {
      unsealed += 1;
      return;
    }
    try {
      if (!isBroken) tree.add(leaves.index + ofRun, event_hash);
    } catch (fault) {
      tellBroken(fault);
    }
    count(tally, 'leaves');
    ofRun += 1;
    if (ofRun < leaves.count) return;
    run += 1;
    ofRun = 0;
  }

  function end(): void {
    if (run < proof.leaves.length) {
      const { index } = proof.leaves[run]!;
      tally.find('proof', {
        index: index + ofRun,
        expected: 'an event',
        got: 'nothing: the log has more of this stream',
      });
      return;
    }
    attempt(() => {
      const got = tree.root();
      if (got !== root) tally.find('leaf', { expected: `root ${root}`, got: `root ${got}` });
    });
    if (unsealed > 0) tally.reasons.push(`${unsealed} events are not under the checkpoint yet.`);
    for (const [sequence, leaf] of erasing) judgeErasing(sequence, leaf);
  }

  function judgeErasing(sequence: number, leaf: string): void {
    const own = proof.erasures.find((one) => one.sequence === sequence);
    if (!own) {
      tally.reasons.push(`The erasure of payload ${sequence} is not under the checkpoint.`);
      return;
    }
    attempt(() => {
      const one = startTreeProof(size, own.hashes);
      one.add(own.index, leaf);
      if (one.root() === root) return;
      tally.find('erasure', { event_sequence: sequence, index: own.index, expected: 'an event of the log', got: leaf });
    });
  }

  return {
    addEvent,
    addErasing: (sequence: number, leaf: string) => void erasing.set(sequence, leaf),
    end,
  };
}
