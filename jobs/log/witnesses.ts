/**
 * Each checkpoint goes to every witness, with the proof that it grew from what the witness cosigned last; the cosignatures
 * stand under the note from then on. A witness that refuses has seen another history: that is said, and stops no signing.
 */
import { type NoteKey, vkeyOf } from '../../src/core/proof/keys.ts';
import { parseNote } from '../../src/core/proof/note.ts';
import { type Cosignature, cosignatureIn } from '../../src/core/proof/witness.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { addCheckpoint } from '../../src/infra/witness/addCheckpoint.ts';
import { readConsistency } from '../../src/integrity/log/readProofs.ts';
import { createDeliveries, type Deliveries, readLag, storeDelivered } from './deliveries.ts';

export interface WitnessAddress {
  key: NoteKey;
  url: string;
}

interface Tools {
  /** Of role `worker`. */
  db: Queryable;
  metrics: Metrics;
  log: Pick<Log, 'warn' | 'error' | 'info'>;
  /** Checkpoints that one turn sends: a witness that missed more gets the newest, each of which covers all before. */
  most?: number;
}

interface Unseen {
  size: number;
  note: string;
  /** What the witness cosigned last, as far as is known here. */
  cosigned: number;
  /** Of all that is signed. */
  latest: number;
}

/** The witness does not cosign what was signed, and will not by being asked again. */
class WitnessRefuses extends Error {}

const MOST = 100;
/** A cosignature with a time so far from ours says nothing of when it was. */
const MOST_SKEW_SECONDS = 600;

const UNSEEN = `
  with seen as (select coalesce((select size from log_sinks where sink = $1), 0) as size)
  select c.size, c.note, seen.size as cosigned, max(c.size) over () as latest from (
    select size, note from log_checkpoints where size > (select size from seen) order by size desc limit $2) c, seen
  order by c.size`;

const COSIGNED = `
  insert into log_cosignatures (size, name, line, cosigned_at) values ($1, $2, $3, to_timestamp($4))
  on conflict (size, name) do nothing`;

export function createWitnesses(
  witnesses: readonly WitnessAddress[],
  { db, metrics, log, most = MOST }: Tools,
): Deliveries {
  const refusing = new Map<number, string>();
  const names = witnesses.map(({ key }) => receiverOf(key));

  async function deliverTo(witness: WitnessAddress, isClosing: () => boolean): Promise<void> {
    const receiver = receiverOf(witness.key);
    const { rows } = await db.query<Unseen>(UNSEEN, [receiver, most]);
    let old = rows[0]?.cosigned ?? 0;
    for (const one of rows) {
      if (isClosing()) return;
      const { cosignature, size } = await ask(db, witness, { ...one, cosigned: old });
      old = size;
      if (cosignature) await db.query(COSIGNED, [one.size, witness.key.name, cosignature.line, cosignature.time]);
      await storeDelivered(db, receiver, one.size);
    }
    const number = witnesses.indexOf(witness) + 1;
    if (rows.length > 0 && refusing.delete(number)) log.info({ witness: number }, 'witness cosigns again');
  }

  function failed(error: Error, witness: number): void {
    const { message } = error;
    if (!(error instanceof WitnessRefuses)) log.warn({ err: { message }, witness }, 'checkpoint not cosigned');
    else if (refusing.get(witness) !== message) log.error({ reason: message, witness }, 'witness refuses');
    if (error instanceof WitnessRefuses) refusing.set(witness, message);
  }

  return createDeliveries(witnesses, {
    deliverTo,
    failed,
    async measure() {
      metrics.witnessesRefusing.set(refusing.size);
      metrics.witnessLag.set(await readLag(db, names));
    },
  });
}

/** Its place in `log_sinks`: a witness that moves is the same. */
function receiverOf(key: NoteKey): string {
  return `witness:${vkeyOf(key)}`;
}

/**
 * @returns the size that the witness cosigned last; without a cosignature where it is beyond this checkpoint already
 * @throws {WitnessRefuses}
 */
async function ask(
  db: Queryable,
  { key, url }: WitnessAddress,
  { size, note, cosigned, latest }: Unseen,
): Promise<{ cosignature?: Cosignature; size: number }> {
  let old = cosigned;
  // Once more where the witness says that it is elsewhere.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (old > latest) throw new WitnessRefuses(`it has cosigned ${old} leaves, and ${latest} are signed`);
    if (old > size) return { size: old };
    const hashes = old === 0 || old === size ? [] : await readConsistency(db, old, size);
    const answer = await addCheckpoint(url, { old, hashes, note });
    if (answer.status === 200) return { cosignature: await demandCosignature(answer.body, note, key), size };
    if (answer.size === undefined) throw faultOf(answer);
    old = answer.size;
  }
  throw new Error(`it says that it cosigned ${old} leaves last, and then something else`);
}

function faultOf({ status, body }: { status: number; body: string }): Error {
  const Fault = [403, 404, 409, 422].includes(status) ? WitnessRefuses : Error;
  return new Fault(`it answered ${status}: ${body.trim().slice(0, 200)}`);
}

async function demandCosignature(body: string, note: string, key: NoteKey): Promise<Cosignature> {
  const cosignature = await cosignatureIn(body, parseNote(note).text, key);
  if (cosignature === undefined) throw new WitnessRefuses('what it answered is no cosignature of its key');
  if (Math.abs(cosignature.time - Date.now() / 1_000) > MOST_SKEW_SECONDS) {
    // No time stands in it: what is said again each second is to be logged once.
    throw new WitnessRefuses('its clock is wrong: the time that it cosigned is far from ours');
  }
  return cosignature;
}
