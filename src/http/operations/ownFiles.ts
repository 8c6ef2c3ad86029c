/** Pages that come with the package, and what they may load and run. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** @param path within the package; found only when it is asked for, so that an API without it serves all else */
export function readOwn(path: string): Promise<Buffer> {
  return readFile(join(dirname(createRequire(import.meta.url).resolve('plearoll/package.json')), path));
}

/** What stands in the page itself runs, by its hash, and nothing else; the relay may be anywhere. */
export function policyOf(page: Buffer, connections = '*'): string {
  const hashes = (element: string) =>
    [...String(page).matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, 'g'))]
      .map(([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`)
      .join(' ');
  return (
    `default-src 'none'; script-src 'self' ${hashes('script')}; style-src ${hashes('style')}; connect-src ${connections}; ` +
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  );
}
