/** Bundles for the verifier's benchmark: sessions of 500 events that stand one after the other in one log, under one checkpoint. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { envelopeText } from '../src/core/chain/chain.ts';
import { eventId, newCommandId } from '../src/core/chain/ids.ts';
import { chainEvent, EMPTY_HEAD, type EventRow, headAfter } from '../src/core/chain/ledger.ts';
import { checkpointText } from '../src/core/proof/checkpoint.ts';
import { vkeyOf } from '../src/core/proof/keys.ts';
import { subtreesOf } from '../src/core/proof/merkle.ts';
import { formatNote } from '../src/core/proof/note.ts';
import { drawSeed, signingKey, signText } from '../src/core/proof/signNote.ts';
import { appendLeaves, edgeOf, spanRoot, type Tile } from '../src/core/proof/tiles.ts';
import { zipped } from '../src/infra/zipWriter.ts';
import { payloadLineText } from '../src/verifier/payloads.ts';

export const EVENTS = 500;
const ORIGIN = 'plearoll.bench/log';

export interface Corpus {
  folders: string[];
  events: number;
  vkey: string;
  note: string;
}

/** Made once, and kept for the next run: a million events take a minute. */
export async function openCorpus(sessions: number): Promise<Corpus> {
  const folder = folderOf(sessions);
  const index = join(folder, 'corpus.json');
  if (existsSync(index)) return JSON.parse(await readFile(index, 'utf8'));
  console.error(`making ${sessions} bundles of ${EVENTS} events in ${folder}`);
  await rm(folder, { recursive: true, force: true });
  const corpus = await makeCorpus(folder, sessions);
  await writeFile(index, JSON.stringify(corpus));
  return corpus;
}

/** It is not what it was. */
export async function dropCorpus(sessions: number): Promise<void> {
  await rm(folderOf(sessions), { recursive: true, force: true });
}

const folderOf = (sessions: number) => join(tmpdir(), `plearoll-bundles-${sessions}`);

/** @param folder is made. Each bundle is a folder in it */
async function makeCorpus(folder: string, sessions: number): Promise<Corpus> {
  const folders = Array.from({ length: sessions }, (_, i) => join(folder, String(i)));
  const tiles = new Map<string, Tile>();
  let edge: Tile[] = [];
  for (const [i, place] of folders.entries()) {
    const leaves = await writeSession(place);
    for (const tile of appendLeaves(i * EVENTS, edge, leaves)) tiles.set(`${tile.level}/${tile.index}`, tile);
    edge = edgeOf((i + 1) * EVENTS).map(({ level, index, width }) => {
      return { level, index, hashes: tiles.get(`${level}/${index}`)!.hashes.slice(0, width) };
    });
  }
  const events = sessions * EVENTS;
  const read = ({ level, index }: { level: number; index: number }) => tiles.get(`${level}/${index}`)!.hashes;
  const text = checkpointText({ origin: ORIGIN, size: events, root: spanRoot({ begin: 0, end: events }, read) });
  const key = signingKey(ORIGIN, 'ed25519', drawSeed());
  const note = formatNote({ text, signatures: [signText(text, key)] });
  for (const [i, place] of folders.entries()) {
    const begin = i * EVENTS;
    const spans = [...subtreesOf({ begin: 0, end: begin }), ...subtreesOf({ begin: begin + EVENTS, end: events })];
    const hashes = spans.map(({ level, index }) =>
      spanRoot({ begin: index * 2 ** level, end: (index + 1) * 2 ** level }, read),
    );
    const proof = { origin: ORIGIN, size: events, leaves: [{ index: begin, count: EVENTS }], hashes, erasures: [] };
    await writeFile(join(place, 'proof.json'), JSON.stringify(proof));
    await writeFile(join(place, 'checkpoint.note'), note);
  }
  return { folders, events, vkey: vkeyOf(key), note };
}

export const zipOf = (folder: string) => `${folder}.zip`;

/** As the server packs it. */
export async function zipFolder(folder: string): Promise<void> {
  const names = (await readdir(folder)).toSorted();
  async function* entries() {
    for (const name of names) yield { name, pieces: createReadStream(join(folder, name)) };
  }
  await pipeline(zipped(entries()), createWriteStream(zipOf(folder)));
}

/** @returns the hashes of its events */
async function writeSession(place: string): Promise<string[]> {
  const id = newCommandId();
  const rows: EventRow[] = [];
  for (let n = 1; n <= EVENTS; n += 1) {
    const head = rows.length === 0 ? EMPTY_HEAD : headAfter(rows.at(-1)!);
    const payload = { n, text: 'The witness has answered the question, counsel. '.repeat(3), turn_id: id };
    const event = { kind: 'session', type: 'BENCH_NOTE', payload };
    rows.push(chainEvent(`session:${id}`, head, event, eventId(id, n), id, '2026-11-22T10:00:00.000Z'));
  }
  const { event_hash, sequence } = rows.at(-1)!;
  const session = { id, integrity_hash: null, head: { event_sequence: sequence, event_hash } };
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'events.ndjson'), rows.map((row) => `${envelopeOf(row)}\n`).join(''));
  await writeFile(join(place, 'payloads.ndjson'), rows.map((row) => `${payloadOf(row)}\n`).join(''));
  await writeFile(join(place, 'session.json'), JSON.stringify(session));
  return rows.map((row) => row.event_hash);
}

function envelopeOf({ actor_id, occurred_at, payload_commitment, event_id, event_type, ...row }: EventRow): string {
  return envelopeText({
    ...row,
    actor: actor_id,
    at: occurred_at,
    commitment: payload_commitment,
    id: event_id,
    type: event_type,
  });
}

function payloadOf({ sequence, payload_salt, payload }: EventRow): string {
  return payloadLineText({ sequence, salt: payload_salt!, payload: payload! });
}
