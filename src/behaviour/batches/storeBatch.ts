/** Storing a batch: directly, as it is no command; once, however often it comes; and only while there is consent. */
import { newCommandId } from '../../core/chain/ids.ts';
import { sha256 } from '../../core/chain/sha256.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Behaviour, pointsOf } from '../behaviour.ts';
import type { Whose } from '../consent/consent.ts';
import { type Batch, behaviourIn } from './batch.ts';

// The lock on the consent makes a withdrawal wait for what came before it, and what comes after it finds none.
const STORE = {
  name: 'store-telemetry-batch',
  text: `
    with consent as materialized (
      select from telemetry_consents where institution_id = $2 and user_id = $3 and given for share
    ), stored as (
      insert into telemetry_batches (id, institution_id, user_id, login_id, started_at, received_at, content_hash, points,
        behaviour)
      select $1, $2, $3, $4, $5, clock_timestamp(), decode($6, 'hex'), $7, $8 from consent
      on conflict do nothing returning id
    )
    select exists (select from consent) as consented, exists (select from stored) as stored`,
};

export interface Taken {
  consented: boolean;
  stored: boolean;
}

/** @param db of the door @param login_id of the token that it came with @param behaviour in the batch, where that is known */
export async function storeBatch(
  db: Queryable,
  { institution_id, user_id }: Whose,
  login_id: string,
  batch: Batch,
  behaviour: Behaviour = behaviourIn(batch),
): Promise<Taken> {
  const { navigation, metadata } = batch;
  const kept = JSON.stringify(behaviour);
  // Which pages they were tells two batches apart, and is kept nowhere else.
  const hash = sha256([kept, ...navigation.map(({ path }) => path)].join('\n'));
  const values = [
    newCommandId(),
    institution_id,
    user_id,
    login_id,
    metadata.started_at,
    hash,
    pointsOf(behaviour),
    kept,
  ];
  return (await db.query<Taken>({ ...STORE, values })).rows[0]!;
}
