/** A spreadsheet of matches, for schools without tournament software: read here, and then brought in like any round. */
import type { Request, Response } from 'express';
import express from 'express';
import { z } from 'zod';
import { ADMINS } from '../../core/definitions/actor.ts';
import type { InputError } from '../../core/definitions/command.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { planAnswer } from '../../feeds/imports/answer.ts';
import { MANNER } from '../../feeds/imports/run.ts';
import { runUnderWay } from '../../feeds/imports/runAnswers.ts';
import { CSV_COLUMNS, parseCsv } from '../../feeds/providers/csv.ts';
import type { Round } from '../../feeds/providers/provider.ts';
import { TooLargeError } from '../../infra/blobFiles.ts';
import type { Draft } from '../../infra/blobs.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { demandForm, readForm } from '../door/form.ts';
import { demandValid, listFaults } from '../door/inputErrors.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { demandEnabled, demandFeed, serveRun } from './serveRun.ts';

/** Two thousand matches have less. */
export const MOST_BYTES = 512 * 1024;

/** `?dry_run` alone says yes. */
const said = z
  .enum(['', 'true', '1', 'false', '0'])
  .default('false')
  .transform((text) => text !== 'false' && text !== '0');
const query = z.strictObject({ dry_run: said, plan: MANNER.plan });

const EXAMPLE = `${CSV_COLUMNS.join(',')}
1,1,Meridian v. Harbour,Courtroom 1,2027-03-01T09:30+01:00,Ada Lovelace; Grace Hopper,Alan Turing; Kurt Gödel,Judge Reyes
`;

export const uploadFeed = defineRoute({
  name: 'feed.upload',
  route: 'POST /api/feed/:feed_id/upload',
  summary:
    'Make and change matches as a spreadsheet has them (`text/csv`, or a form with `file`), or tell what would be done',
  roles: ADMINS,
  query,
  file: { name: 'FeedUploadRequest', media_type: 'text/csv', max_bytes: MOST_BYTES, example: EXAMPLE },
  answer: planAnswer,
  accepted: runUnderWay,
  rejects: ['feed_disabled', 'confirm_plan', 'too_large', 'unsupported_type', 'bad_request', 'idempotency_key_reused'],
  serve: serveUploadFeed,
});

function serveUploadFeed(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, uploadFeed))!;
    demandRole(actor, ADMINS);
    const manner = demandQuery(query, req);
    const feed = await demandFeed(context, req, actor);
    demandEnabled(feed);
    if (feed.provider !== 'csv') {
      const detail = 'The feed is no spreadsheet: make one with the provider csv.';
      throw new Problem('validation_failed', detail, { errors: [{ pointer: '/provider', detail: 'is not csv' }] });
    }
    const rounds = roundsOf(await context.uploading.run(actor, () => readFile(req, res)));
    await serveRun(context, req, res, { actor, feed, kind: 'upload', input: { ...manner, rounds } });
  };
}

/** @throws {Problem} 422, each fault with its line */
function roundsOf(file: Uint8Array): Round[] {
  const parsed = parseCsv(file);
  if ('schedule' in parsed) return parsed.schedule.rounds;
  const faults = parsed.faults.map(({ line, column, detail }): InputError => {
    const pointer = column === null ? `/${line}` : `/${line}/${column}`;
    return { pointer, detail: `line ${line}: ${detail}` };
  });
  demandValid(listFaults(faults));
  throw new Problem('validation_failed');
}

/** @throws {Problem} 413, 415 or 400 */
async function readFile(req: Request, res: Response): Promise<Uint8Array> {
  const type = req.headers['content-type'] ?? '';
  if (/^text\/csv *(;.*)?$/i.test(type)) return readText(req, res);
  if (!/^multipart\/form-data *;/i.test(type)) {
    throw new Problem('unsupported_type', 'Send text/csv, or multipart/form-data with a file.');
  }
  demandForm(req, MOST_BYTES);
  const memory = inMemory();
  const form = await readForm(req, memory, MOST_BYTES);
  const unknown = Object.keys(form.fields).map((name) => ({ pointer: `/${name}`, detail: 'unknown field' }));
  const missing = form.draft ? [] : [{ pointer: '/file', detail: 'is needed' }];
  demandValid(listFaults([...form.faults, ...unknown, ...missing]));
  return memory.bytes();
}

/** What is read once and small needs no disk. */
function inMemory() {
  const pieces: Uint8Array[] = [];
  return {
    bytes: () => Buffer.concat(pieces),
    async receive(stream: AsyncIterable<Uint8Array>, max_bytes: number): Promise<Draft> {
      let size_bytes = 0;
      for await (const piece of stream) {
        size_bytes += piece.length;
        if (size_bytes > max_bytes) throw new TooLargeError();
        pieces.push(piece);
      }
      const nothing = async () => {};
      return { sha256: '', size_bytes, head: new Uint8Array(), keep: nothing, discard: nothing };
    },
  };
}

const raw = express.raw({ type: () => true, limit: MOST_BYTES });

async function readText(req: Request, res: Response): Promise<Uint8Array> {
  await new Promise<void>((resolve, reject) => {
    raw(req, res, (error?: { type?: string; message: string }) => {
      if (!error) return resolve();
      if (error.type === 'entity.too.large') {
        reject(new Problem('too_large', `A spreadsheet has at most ${MOST_BYTES} bytes.`));
      } else reject(new Problem('bad_request', `${error.message}.`));
    });
  });
  return Buffer.isBuffer(req.body) ? req.body : new Uint8Array();
}
