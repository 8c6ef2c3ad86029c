/** What is done to the database as a whole: an old one is put in its place, or an empty one. */
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { idOf } from '../../../src/core/definitions/stream.ts';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { stateOf, storeState } from '../../../src/infra/signer/stateFile.ts';
import { projected } from '../../../src/tables.ts';
import { verified } from '../../support/bundles.ts';
import { openAttacker } from './attacker.ts';
import { bundleFrom } from './bundleFrom.ts';
import type { Scene } from './cells.cases.ts';
import { type Ground, judged } from './ground.ts';
import { checksOf } from './hands.ts';
import { REWRITTEN, rewriteTiles } from './rewrite.ts';

/** All that came after the checkpoint of that size is not there yet: streams of their own. */
async function putBack(db: Queryable, size: number): Promise<void> {
  const text = 'select distinct stream from log_leaves where index >= $1';
  const streams = (await db.query<{ stream: string }>(text, [size])).rows.map(({ stream }) => stream);
  for (const table of ['event_payloads', 'events', 'streams']) {
    await db.query(`delete from ${table} where stream = any($1)`, [streams]);
  }
  for (const { name, owner } of projected) {
    await db.query(`delete from ${name} where ${owner} = any($1)`, [streams.map(idOf)]);
  }
  await db.query('delete from commands where streams && $1', [streams]);
  await rewriteTiles(db);
  await db.query('delete from log_checkpoints where size > $1', [size]);
}

async function withOldState(ground: Ground): Promise<Ground> {
  const stateFile = join(dirname(ground.sign.stateFile), 'old.json');
  await storeState(stateFile, stateOf(ground.keptNote));
  return { ...ground, sign: { ...ground.sign, stateFile } };
}

export function describeWhole(scene: () => Scene): void {
  it('an old backup put back is found by the signer’s state, and with that put back too by what was signed later', async () => {
    const { ground, attacker } = scene();
    const { db } = attacker;
    const { kept, stateNote, stream, vkey } = ground;
    await attacker.undone(async () => {
      await attacker.past(REWRITTEN, () => putBack(db, kept.size));
      expect(await judged(db, 'self', ground)).toMatchObject({ verdict: 'intact@self' });
      const found = await judged(db, 'log', ground);
      expect([found.verdict, checksOf(found)]).toEqual(['tampered', ['leaf', 'checkpoint']]);
      const old = await withOldState(ground);
      expect(await judged(db, 'log', old)).toMatchObject({ verdict: 'intact@log' });
      expect(await judged(db, 'anchored', old)).toMatchObject({ verdict: 'intact@anchored' });
      const later = await judged(db, 'anchored', { ...old, keptNote: stateNote });
      expect([later.verdict, checksOf(later)]).toEqual(['tampered', ['leaf', 'checkpoint']]);
      const bundle = (await bundleFrom(db, stream))!;
      const given = { level: 'anchored', keys: [vkey], checkpoint: stateNote } as const;
      // Its log cannot show that it grew into what was signed later: it did not.
      expect(await verified(bundle, given)).toMatchObject({ verdict: 'unverifiable', findings: [] });
      expect(await verified(bundle, { ...given, consistency: [] })).toMatchObject({ verdict: 'tampered' });
    });
  });

  it('an empty database is never intact: in itself there is nothing to check, and everything is missing that was signed', async () => {
    const { ground } = scene();
    const empty = await openAttacker(await ground.database.another());
    expect(await judged(empty.db, 'self', ground)).toMatchObject({ verdict: 'unverifiable', findings: [] });
    // Where the keys are gone with the rest, the checkpoint that was kept can be opened by none.
    for (const level of ['log', 'anchored'] as const) {
      expect((await judged(empty.db, level, ground)).verdict).toBe('tampered');
    }
    await empty.close();
  });

  it('a signer’s state that is not there leaves the level log unverifiable, never intact', async () => {
    const { ground, attacker } = scene();
    const without = { ...ground, sign: { ...ground.sign, stateFile: join(dirname(ground.sign.stateFile), 'none') } };
    expect(await judged(attacker.db, 'log', without)).toMatchObject({ verdict: 'unverifiable', findings: [] });
    expect(await judged(attacker.db, 'anchored', without)).toMatchObject({ verdict: 'intact@anchored' });
    const strange = { ...without, keptNote: ground.keptNote.replace('court.example', 'other.example') };
    expect(await judged(attacker.db, 'anchored', strange)).toMatchObject({ verdict: 'unverifiable', findings: [] });
  });
}
