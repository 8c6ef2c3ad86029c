/** `/live`: a first page to follow a session with, examples/live.html, and the client that it and other pages load. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Router } from 'express';
import { serveFixed } from './serveFixed.ts';

const PAGE = 'examples/live.html';
const CLIENT = 'dist/client/client.js';

export function livePageRoutes(): Router {
  const router = Router();
  router.get(
    '/live',
    serveFixed('html', () => readOwn(PAGE), policyOf),
  );
  router.get(
    '/live/client.js',
    serveFixed('js', () => readOwn(CLIENT)),
  );
  return router;
}

/** @param path within the package; found only when it is asked for, so that an API without it serves all else */
function readOwn(path: string): Promise<Buffer> {
  return readFile(join(dirname(createRequire(import.meta.url).resolve('plearoll/package.json')), path));
}

/** What stands in the page itself runs, by its hash, and nothing else; the relay may be anywhere. */
export function policyOf(page: Buffer): string {
  const hashes = (element: string) =>
    [...String(page).matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, 'g'))]
      .map(([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`)
      .join(' ');
  return (
    `default-src 'none'; script-src 'self' ${hashes('script')}; style-src ${hashes('style')}; connect-src *; ` +
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  );
}
