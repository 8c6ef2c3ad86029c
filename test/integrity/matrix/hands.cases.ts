/**
 * The same changes by hands that know the format: the row's own hashes made to fit, then the whole stream with its seal, its head and
 * its tables, then the tiles, then checkpoints under a key of their own, then under the stolen key, then the signer's state too. Each
 * is found at the first level that the threat model says, in the server's runs and in a bundle by the offline verifier, and by the
 * check in Python as by ours.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Bundle } from '../../support/bundles.ts';
import { isEverything } from '../../support/everything.ts';
import { hasPython, saidByTwin } from '../../support/twin.ts';
import type { Scene } from './cells.cases.ts';
import { CHANGES, type Change } from './changes.ts';
import { checksOf, HANDS, type Hand, type Sight, seen } from './hands.ts';

const [CUT, GONE] = ['the tail cut off', 'the session dropped whole'];
const [TAKEN_OUT, PUT_IN] = ['an event taken out, the rest moved up', 'an event put in, the rest moved down'];

/** In a short run what each hand leaves, and what is told apart. */
const TRIED: [what: string, hand: Hand][] = Object.keys(CHANGES)
  .flatMap((what) => HANDS.map((hand): [string, Hand] => [what, hand]))
  .filter(([what, hand]) => {
    const short = { 'another actor in the middle': HANDS, 'the tail cut off': ['stream', 'tiles'] };
    const others = { 'another payload': ['raw'], 'the session dropped whole': ['tiles', 'key'] };
    return isEverything || ({ ...short, ...others } as { [key: string]: readonly string[] })[what]?.includes(hand);
  });

export function describeHands(scene: () => Scene): void {
  const given: { name: string; bundle: Bundle; exit: number }[] = [];

  describe('rewritten by', () => {
    it.each(TRIED.map(([what, hand]) => ({ what, hand })))('the hand $hand: $what', async ({ what, hand }) => {
      const { ground, attacker } = scene();
      const change = CHANGES[what]!;
      const { stream } = ground;
      const work = () => change.work(attacker.db, stream);
      const sight = await seen(attacker, ground, hand, { stream, sequence: change.sequence, work });
      if (hand === 'raw' || hand === 'row') expectSeen(sight, change, hand);
      else expect(linesOf(sight)).toEqual(expectedOf(hand, what));
      if (sight.given) given.push({ name: `${what}, ${hand}`, bundle: sight.given, exit: sight.bundle!.key.exit });
    });
  });

  it.skipIf(!hasPython)('the check in Python says the same of each of these bundles', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plearoll-twin-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const said = saidByTwin(
      folder,
      scene().ground.vkey,
      given.map(({ bundle }) => bundle),
    );
    const python = given.map(({ name }, i) => [name, said[i]![0]]);
    expect(python, JSON.stringify(said)).toEqual(given.map(({ name, exit }) => [name, exit]));
    expect(given.length).toBeGreaterThan(8);
  });
}

function expectSeen({ session, all, bundle }: Sight, change: Change, hand: 'raw' | 'row'): void {
  const [checks, at] = change[hand];
  expect({ verdict: session.verdict, checks: checksOf(session) }).toEqual({ verdict: 'tampered', checks });
  expect(session.findings[0]!.event_sequence).toBe(at);
  for (const run of Object.values(all)) {
    expect(run.verdict).toBe('tampered');
    expect(checksOf(run)).toEqual(expect.arrayContaining(change.all ?? checks));
  }
  if (!bundle) return;
  const own = change.bundle[hand === 'raw' ? 0 : 1];
  for (const { exit, findings } of [bundle.self, bundle.key, bundle.kept]) {
    expect(exit).toBe(1);
    expect(findings.map(({ check }) => check)).toContain(own);
  }
}

/** The session's own verification; runs of everything at each level; a bundle in itself, with the key, and with the kept checkpoint. */
const linesOf = ({ session, all, bundle }: Sight) => ({
  session: `${session.verdict} ${checksOf(session)}`.trim(),
  self: `${all.self.verdict} ${checksOf(all.self)}`.trim(),
  log: `${all.log.verdict} ${checksOf(all.log)}`.trim(),
  anchored: `${all.anchored.verdict} ${checksOf(all.anchored)}`.trim(),
  bundle: bundle && [bundle.self, bundle.key, bundle.kept].map((one) => `${one.exit} ${checksOf(one)}`.trim()),
});
type Lines = ReturnType<typeof linesOf>;
type Strong = Exclude<Hand, 'raw' | 'row'>;

const [I, L, leaf, point] = ['intact@self', 'intact@log', 'tampered leaf', 'tampered checkpoint'] as const;

const REWRITTEN: { [hand in Strong]: Lines } = {
  stream: { session: I, self: leaf, log: leaf, anchored: leaf, bundle: ['0', '1 leaf', '1 leaf'] },
  tiles: { session: I, self: point, log: point, anchored: point, bundle: ['0', '1 leaf', '1 checkpoint,leaf'] },
  checkpoints: { session: I, self: I, log: point, anchored: point, bundle: ['0', '1 checkpoint', '1 checkpoint'] },
  key: { session: I, self: I, log: point, anchored: point, bundle: ['0', '0', '1 checkpoint'] },
  state: { session: I, self: I, log: L, anchored: point, bundle: ['0', '0', '1 checkpoint'] },
};

function expectedOf(hand: Strong, what: string): Lines {
  if ([CUT, GONE, TAKEN_OUT].includes(what)) return shortened(hand, what);
  const lines = REWRITTEN[hand];
  if (what !== PUT_IN || !lines.bundle!.includes('0', 1)) return lines;
  // The last event has no leaf yet.
  return { ...lines, bundle: ['0', '2', '1 checkpoint'] };
}

/** There are fewer leaves. A tail that is cut off leaves a bundle of what was before it: only a later head, kept by somebody, tells. */
function shortened(hand: Strong, what: string): Lines {
  const both = 'tampered leaf,checkpoint';
  const runs: { [hand in Strong]: [self: string, log: string, anchored: string] } = {
    ...{ stream: [leaf, leaf, leaf], tiles: [both, both, both], checkpoints: [I, both, both], key: [I, both, both] },
    // Of a whole session so many leaves are gone that the kept checkpoint has more.
    state: [I, L, what === GONE ? both : point],
  };
  const [self, log, anchored] = runs[hand];
  if (what === GONE) return { session: 'tampered head', self, log, anchored, bundle: undefined };
  const { session, bundle } = REWRITTEN[hand];
  const isCut = hand === 'stream' && what === CUT;
  const given = hand === 'tiles' ? ['0', '2', '2'] : isCut ? ['0', '0', '0'] : bundle;
  return { session, self, log, anchored, bundle: given };
}
