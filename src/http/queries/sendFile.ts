/**
 * Answering with a file. It is hashed before the first byte of it is sent, and again as it goes: what goes out is what was
 * recorded, or an error that says what is wrong. Where it is changed meanwhile, the answer ends before its length.
 */
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Attachment } from '../../core/definitions/query.ts';
import { type CheckedFile, FileChangedError } from '../../infra/checkedFile.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { ApiContext } from '../door/door.ts';
import { isKnown } from '../door/preferences.ts';

/** @throws {Problem} 500 file_damaged */
export async function sendFile(
  { blobs, hashing, log }: Pick<ApiContext, 'blobs' | 'hashing' | 'log'>,
  actor: Actor,
  req: Request,
  res: Response,
  file: Attachment,
): Promise<void> {
  const { sha256, size_bytes, media_type, name } = file;
  const version = `"${sha256}"`;
  // The client may keep it, and revalidates each time: the right to have it can change, its bytes cannot.
  res.set({ 'Cache-Control': 'private, no-cache', ETag: version });
  if (isKnown(req, version)) {
    res.status(304).end();
    return;
  }
  const checked = await hashing.run(actor, () => blobs.openChecked(file));
  try {
    if (checked.fault !== undefined) {
      res.removeHeader('ETag');
      throw new Problem('file_damaged', `The file ${checked.fault}.`);
    }
    res.set({
      'Content-Type': media_type,
      'Content-Length': String(size_bytes),
      'Content-Disposition': `attachment; filename="${name}"`,
      'X-Content-Type-Options': 'nosniff',
    });
    if (req.method === 'HEAD') res.end();
    else await send(checked, res, log);
  } finally {
    await checked.close();
  }
}

async function send(checked: CheckedFile, res: Response, log: Log): Promise<void> {
  await pipeline(checked.read(), res).catch((error: { code?: string }) => {
    if (error instanceof FileChangedError) log.error({ err: error }, 'file changed while it was sent: cut short');
    // The client has hung up.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}
