/**
 * Answering with a file. It is hashed before the first byte of it is sent: what goes out is what was recorded, or an
 * error that says what is wrong, and never half of something.
 */
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Attachment } from '../../core/definitions/query.ts';
import type { ApiContext } from '../door/door.ts';
import { isKnown } from '../door/preferences.ts';

/** @throws {Problem} 500 file_damaged */
export async function sendFile(
  { blobs, hashing }: Pick<ApiContext, 'blobs' | 'hashing'>,
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
  const fault = await hashing.run(actor, () => blobs.findFault(file));
  if (fault !== undefined) {
    res.removeHeader('ETag');
    throw new Problem('file_damaged', `The file ${fault}.`);
  }
  res.set({
    'Content-Type': media_type,
    'Content-Length': String(size_bytes),
    'Content-Disposition': `attachment; filename="${name}"`,
    'X-Content-Type-Options': 'nosniff',
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  await pipeline(await blobs.open(sha256), res).catch((error: { code?: string }) => {
    // The client has hung up.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}
