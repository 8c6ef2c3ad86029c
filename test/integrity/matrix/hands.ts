/** The hands of the superuser, from those that change a thing and leave it so to those that hold everything but what is kept elsewhere. */
import { dirname, join } from 'node:path';
import { signingKey } from '../../../src/core/proof/signNote.ts';
import { stateOf, storeState } from '../../../src/infra/signer/stateFile.ts';
import { readConsistency } from '../../../src/integrity/log/readProofs.ts';
import { verifyLog } from '../../../src/integrity/log/verifyLog.ts';
import type { RunFinding } from '../../../src/integrity/runs/findingOf.ts';
import type { Level } from '../../../src/integrity/runs/verifyRun.ts';
import { exitCodeOf, type Finding } from '../../../src/verifier/report.ts';
import { type Bundle, verified } from '../../support/bundles.ts';
import type { Attacker } from './attacker.ts';
import { bundleFrom } from './bundleFrom.ts';
import { type Ground, type Judged, judged, ORIGIN } from './ground.ts';
import {
  chainOf,
  REWRITTEN,
  rehashed,
  rewriteCheckpoints,
  rewriteStream,
  rewriteTiles,
  storeHashes,
} from './rewrite.ts';
import { verifyAlike } from './sweptAlike.ts';

/**
 * raw: the change alone. row: its own hashes too. stream: every hash after it, the seal, the head, the tables, and the outcomes gone.
 * tiles: the tree too. checkpoints: signed anew, with a key of their own that the database says is the log's. key: with the stolen one.
 * state: and the signer's state with it.
 */
export const HANDS = ['raw', 'row', 'stream', 'tiles', 'checkpoints', 'key', 'state'] as const;
export type Hand = (typeof HANDS)[number];

/** It has our log's name, and not our key. */
const thief = signingKey(ORIGIN, 'ed25519', new Uint8Array(32).fill(9));

export interface Sight {
  /** A run of the session alone, at `self`. */
  session: Judged;
  /** Runs of everything. */
  all: { [level in Level]: Judged };
  /** Of the bundle that is given out: in itself, with the log's key, and with the checkpoint besides that was kept elsewhere. */
  bundle: { [asked in 'self' | 'key' | 'kept']: { exit: number; findings: Finding[] } } | undefined;
  given: Bundle | undefined;
}

export interface Change {
  stream: string;
  /** The event whose own hashes the hand `row` makes fit. */
  sequence: number;
  work: () => Promise<unknown>;
}

/** What everybody sees while the change stands. */
export async function seen({ db, past, undone }: Attacker, ground: Ground, hand: Hand, change: Change): Promise<Sight> {
  const reach = HANDS.indexOf(hand);
  const does = (other: Hand) => reach >= HANDS.indexOf(other);
  const { stream, sequence } = change;
  let newest = '';

  async function strike(): Promise<void> {
    await change.work();
    if (hand === 'row')
      await storeHashes(db, (await chainOf(db, stream)).filter((row) => row.sequence === sequence).map(rehashed));
    if (does('stream')) {
      await rewriteStream(db, stream);
      await db.query('delete from commands where $1 = any(streams)', [stream]);
    }
    if (does('tiles')) await rewriteTiles(db);
    if (does('checkpoints')) newest = await rewriteCheckpoints(db, does('key') ? ground.key : thief);
  }

  return undone(async () => {
    await past(REWRITTEN, strike);
    const own = hand === 'state' ? await withState(ground, newest) : ground;
    const all = {
      self: await judged(db, 'self', own),
      log: await judged(db, 'log', own),
      anchored: await judged(db, 'anchored', own),
    };
    await verifyAlike(db, stream, (await verifyLog(db)).swept);
    const given = await bundleFrom(db, stream);
    const session = await judged(db, 'self', own, stream);
    return { session, all, bundle: given && (await judgedBundle(given)), given };
  });

  async function judgedBundle(given: Bundle) {
    const { kept, keptNote: checkpoint, vkey } = ground;
    const { rows } = await db.query<{ size: number }>('select max(size) as size from log_checkpoints');
    const consistency = await readConsistency(db, kept.size, rows[0]!.size).catch(() => []);
    const anchored = { level: 'anchored', keys: [vkey] } as const;
    return {
      self: await told(given, { level: 'self' }),
      key: await told(given, anchored),
      kept: await told(given, { ...anchored, checkpoint, consistency }),
    };
  }
}

async function told(bundle: Bundle, options: Parameters<typeof verified>[1]) {
  const { verdict, findings } = await verified(bundle, options);
  return { exit: exitCodeOf(verdict), findings };
}

async function withState(ground: Ground, note: string): Promise<Ground> {
  const stateFile = join(dirname(ground.sign.stateFile), 'restored.json');
  await storeState(stateFile, stateOf(note));
  return { ...ground, sign: { ...ground.sign, stateFile } };
}

/** The checks that found something, each once, in the order of the report. */
export function checksOf({ findings }: { findings: readonly (RunFinding | Finding)[] }): string[] {
  return [...new Set(findings.map(({ check }) => check))];
}
