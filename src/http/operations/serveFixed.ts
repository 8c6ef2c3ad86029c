/** Pages and scripts that never change while the process lives. */
import type { RequestHandler } from 'express';
import { sha256 } from '../../core/chain/sha256.ts';
import { isKnown } from '../door/preferences.ts';

/** What a page of these bytes may load and run. */
export type Policy = (bytes: Buffer) => string;

// Pages style their elements by attribute; scripts are files of our own.
const OWN: Policy = () =>
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'";

/** Made once, and the same bytes for everybody: nothing of it is copied, however many ask at once. */
export function serveFixed(type: string, make: () => Promise<string | Buffer>, policy: Policy = OWN): RequestHandler {
  let made: Promise<{ bytes: Buffer; version: string; policy: string }> | undefined;

  async function prepare() {
    const bytes = Buffer.from(await make());
    return { bytes, version: `"${sha256(bytes).slice(0, 32)}"`, policy: policy(bytes) };
  }

  return async (req, res) => {
    made ??= prepare();
    const { bytes, version, policy: says } = await made;
    res.set({ ETag: version, 'Cache-Control': 'no-cache', 'Content-Security-Policy': says });
    if (isKnown(req, version)) res.status(304).end();
    else
      res
        .type(type)
        .set('Content-Length', String(bytes.length))
        .end(req.method === 'HEAD' ? undefined : bytes);
  };
}
