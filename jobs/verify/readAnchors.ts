/** What a run is compared with that does not come from the database: the signer's state, and the checkpoint that was given. */
import { parseCheckpoint } from '../../src/core/proof/checkpoint.ts';
import { type NoteKey, parseVkey } from '../../src/core/proof/keys.ts';
import { NoteFault, type NoteSignature, parseNote, parseSignature } from '../../src/core/proof/note.ts';
import { openNote, verifySignature } from '../../src/core/proof/openNote.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Config } from '../../src/infra/process/config.ts';
import { signerFiles } from '../../src/infra/signer/signerFiles.ts';
import { readState, type SignerState } from '../../src/infra/signer/stateFile.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Anchor, Anchors } from '../../src/integrity/runs/verifyRun.ts';
import type { RunClaim } from './integrityRuns.ts';

export interface AnchorSources {
  origin: string;
  /** The signer's state. */
  state: string;
  witnesses: readonly NoteKey[];
}

const KEYS = `select vkey from log_keys where use = 'log' limit 1000`;
const COSIGNED = 'select line from log_cosignatures where size = $1 limit 100';

export function anchorSources(config: Config, installation: string): AnchorSources {
  const { origin, state } = signerFiles(config, installation);
  return { origin, state, witnesses: config.WITNESSES.map(({ key }) => key) };
}

export async function readAnchors(
  db: Queryable,
  { level, checkpoint }: Pick<RunClaim, 'level' | 'checkpoint'>,
  sources: AnchorSources,
  log: Pick<Log, 'warn'>,
): Promise<Anchors> {
  if (level === 'self') return { signer: undefined, given: undefined };
  const given = checkpoint === null ? undefined : await openCheckpoint(db, checkpoint, sources);
  return { signer: await readSignerAnchor(db, sources, log), given };
}

/** What the signer signed last. On another host than its own there is no such file; one that cannot be read says as little. */
export async function readSignerAnchor(
  db: Queryable,
  sources: AnchorSources,
  log: Pick<Log, 'warn'>,
): Promise<Anchor | undefined> {
  const state = await readSigned(sources, log);
  if (state === undefined || state.note === null) return undefined;
  const { text, signatures } = parseNote(state.note);
  const { rows } = await db.query<{ line: string }>(COSIGNED, [state.checkpoint.size]);
  const cosignatures = rows.flatMap(({ line }) => parseSignature(line.trimEnd()) ?? []);
  return anchorOf(text, [...signatures, ...cosignatures], await readLogKeys(db), sources);
}

async function readSigned({ state, origin }: AnchorSources, log: Pick<Log, 'warn'>): Promise<SignerState | undefined> {
  try {
    return await readState(state, origin);
  } catch (err) {
    log.warn({ err }, 'signer state unreadable');
    return undefined;
  }
}

/** @returns undefined for a note that none of the log's keys has signed: nothing follows from it */
async function openCheckpoint(db: Queryable, note: string, sources: AnchorSources): Promise<Anchor | undefined> {
  const keys = await readLogKeys(db);
  try {
    const { text } = await openNote(note, keys);
    if (parseCheckpoint(text).origin !== sources.origin) return undefined;
    return await anchorOf(text, parseNote(note).signatures, keys, sources);
  } catch (err) {
    if (err instanceof NoteFault) return undefined;
    throw err;
  }
}

async function readLogKeys(db: Queryable): Promise<NoteKey[]> {
  const { rows } = await db.query<{ vkey: string }>(KEYS);
  return rows.flatMap(({ vkey }) => parseVkey(vkey) ?? []);
}

/** A line that does not verify is passed over: what is written into the database takes no anchor away. */
async function anchorOf(
  text: string,
  signatures: NoteSignature[],
  keys: NoteKey[],
  { witnesses }: AnchorSources,
): Promise<Anchor> {
  const goodOf = async (all: readonly NoteKey[]) => {
    const good = new Set<string>();
    for (const line of signatures) {
      const key = all.find(({ name, key_id }) => name === line.name && key_id === line.key_id);
      if (key && (await verifySignature(text, line, key))) good.add(`${key.name}+${key.key_id}`);
    }
    return [...good];
  };
  const { size, root } = parseCheckpoint(text);
  return { size, root, signed_by: await goodOf(keys), cosigned_by: await goodOf(witnesses) };
}
