/** What the signer needs before it signs: its keys, its state at the very first start, and a list of the keys for everybody. */
import type pg from 'pg';
import { type NoteKey, vkeyOf } from '../../src/core/proof/keys.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { readOrMakeKey } from '../../src/infra/signer/keyFile.ts';
import { headKeyName, signerFiles } from '../../src/infra/signer/signerFiles.ts';
import { makeState, readState } from '../../src/infra/signer/stateFile.ts';
import type { SigningTools } from './checkpoints.ts';

const RETIRE =
  'update log_keys set retired_at = clock_timestamp() where use = $1 and vkey <> $2 and retired_at is null';
const REGISTER = `
  insert into log_keys (vkey, name, use, from_size) select $2, $3, $1, size from log_state where one
  on conflict (vkey) do update set retired_at = null`;

/** Keys and, for a log of which nothing was ever signed, the state; and which keys there are, for everybody to read. */
export async function prepareSigning(
  { config, installation, log }: Backbone,
  pool: pg.Pool,
): Promise<SigningTools & { signedSize: number }> {
  const files = signerFiles(config, installation);
  const { origin } = files;
  const [key, headKey] = await Promise.all([
    readOrMakeKey(files.logKey, origin),
    readOrMakeKey(files.headKey, headKeyName(origin)),
  ]);
  const { rows } = await pool.query<{ is_new: boolean }>(
    `select not exists (select from log_checkpoints) and not exists (select from log_keys where use = 'log') as is_new`,
  );
  if (rows[0]!.is_new) await makeState(files.state, origin);
  await register(pool, 'log', key);
  await register(pool, 'head', headKey);
  log.info({ vkey: vkeyOf(key), head_vkey: vkeyOf(headKey) }, 'signer has its keys');
  const signedSize = (await readState(files.state, origin))?.checkpoint.size ?? 0;
  return { pool, key, origin, stateFile: files.state, signedSize };
}

async function register(db: Queryable, use: 'log' | 'head', key: NoteKey): Promise<void> {
  const vkey = vkeyOf(key);
  await db.query(RETIRE, [use, vkey]);
  await db.query(REGISTER, [use, vkey, key.name]);
}
