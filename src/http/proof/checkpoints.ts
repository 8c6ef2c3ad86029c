/** What is signed of the log, and with which keys: for everybody. */
import { z } from 'zod';
import { at, count, hash, listOf, named, text } from '../../core/definitions/answers.ts';
import { pageOf, pageQuery } from '../../core/definitions/page.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { EXAMPLE } from '../../court/exampleValues.ts';
import { signerFiles } from '../../infra/signer/signerFiles.ts';
import { readCheckpoint, readCheckpointPage } from '../../integrity/log/readCheckpoints.ts';
import { demandQuery } from '../door/query.ts';
import { defineOpenRoute, sendNote } from './anybody.ts';

const key = z.strictObject({
  name: text,
  vkey: text,
  use: z.enum(['log', 'head']),
  state: z.enum(['active', 'retired']),
  from_size: count,
});

const keysAnswer = named('LogKeys', z.strictObject({ origin: text, keys: z.array(key) }), {
  origin: 'court.example/log',
  keys: [
    {
      ...{ name: 'court.example/log', use: 'log', state: 'active', from_size: 0 },
      vkey: 'court.example/log+0c0a2a1e+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    },
  ],
});

const KEYS = `
  select name, vkey, use, case when retired_at is null then 'active' else 'retired' end as state, from_size
  from log_keys order by use desc, from_size, vkey limit 1000`;

export const readKeys = defineOpenRoute(
  {
    name: 'integrity.keys',
    route: 'GET /integrity/keys',
    summary: 'The keys that sign checkpoints and heads; compare them with what you were told elsewhere',
    answer: keysAnswer,
    rejects: [],
  },
  async ({ db, res, context: { config, installation } }) => {
    const { rows } = await db((on) => on.query<z.output<typeof key>>(KEYS));
    res.set('Cache-Control', 'no-store').json({ origin: signerFiles(config, installation).origin, keys: rows });
  },
);

export const readLatestCheckpoint = defineOpenRoute(
  {
    name: 'integrity.checkpoint',
    route: 'GET /integrity/checkpoint',
    summary: 'The latest checkpoint: the signed note itself',
    media_type: 'text/plain',
    rejects: [],
  },
  async ({ db, res }) => {
    const checkpoint = await db((on) => readCheckpoint(on, null));
    if (!checkpoint) throw new Problem('not_found', 'Nothing is signed yet.');
    sendNote(res.set('Cache-Control', 'no-store'), checkpoint.note);
  },
);

export const readCheckpointOfSize = defineOpenRoute(
  {
    name: 'integrity.checkpointOfSize',
    route: 'GET /integrity/checkpoint/:size',
    summary: 'The checkpoint of this size',
    media_type: 'text/plain',
    rejects: [],
  },
  async ({ db, req, res }) => {
    const size = sizeIn(String(req.params.size));
    const checkpoint = size === undefined ? undefined : await db((on) => readCheckpoint(on, size));
    if (!checkpoint) throw new Problem('not_found');
    // Witnesses may sign it yet.
    sendNote(res.set('Cache-Control', 'no-cache'), checkpoint.note);
  },
);

/** @returns undefined for anything but the one way to write a size */
function sizeIn(digits: string): number | undefined {
  const size = /^(0|[1-9]\d{0,15})$/.test(digits) ? Number(digits) : undefined;
  return Number.isSafeInteger(size) ? size : undefined;
}

const checkpointLine = named(
  'Checkpoint',
  z.strictObject({ size: count, root: hash, created_at: at, cosigned_by: z.array(text) }),
  { size: 20_852, root: EXAMPLE.hash, created_at: EXAMPLE.now, cosigned_by: ['witness.example/w1'] },
);

export const checkpointsAnswer = listOf('Checkpoints', checkpointLine);

export const checkpointPage = z.strictObject(pageQuery([z.string().regex(/^(0|[1-9]\d{0,15})$/)]));

/** Newest first. */
export async function readCheckpointsPage(
  db: Queryable,
  query: z.output<typeof checkpointPage>,
  which: 'all' | 'listed' | 'archived' = 'all',
) {
  const [before = null] = query.cursor ?? [];
  const rows = await readCheckpointPage(db, before, query.limit + 1, which);
  return pageOf(
    rows,
    query,
    (row) => row,
    ({ size }) => [String(size)],
  );
}

export const readCheckpoints = defineOpenRoute(
  {
    name: 'integrity.checkpoints',
    route: 'GET /integrity/checkpoints',
    summary: 'Checkpoints, newest first, and which witnesses signed them',
    query: checkpointPage,
    answer: checkpointsAnswer,
    rejects: [],
  },
  async ({ db, req, res }) => {
    const query = demandQuery(checkpointPage, req);
    res.set('Cache-Control', 'no-store').json(await db((on) => readCheckpointsPage(on, query)));
  },
);
