/**
 * The token of a feed, in a file that the operator has laid down for one institution: `<FEED_SECRETS_DIR>/<institution>/<name>`
 * holding `{"origin": "https://…", "token": "…"}`. No name leads out of the institution's folder, links included.
 */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { z } from 'zod';
import { OutboundError } from '../../core/definitions/outbound.ts';

export interface Secret {
  origin: string;
  token: string;
}

const NAME = /^(?!\.)[A-Za-z0-9._-]{1,64}$/;
const INSTITUTION = /^[0-9a-f-]{36}$/;
const MOST_BYTES = 16 * 1024;

const written = z.object({
  origin: z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text),
  // What a header takes, and no space.
  token: z.string().regex(/^[\x21-\x7e]{1,4096}$/),
});

/**
 * @param folder FEED_SECRETS_DIR
 * @param origin of the feed's base URL
 * @throws OutboundError `no_secret` where it is missing, no such file, or of another origin
 */
export async function readSecret(
  folder: string | undefined,
  institution_id: string,
  name: string,
  origin: string,
): Promise<Secret> {
  if (folder === undefined || !NAME.test(name) || !INSTITUTION.test(institution_id))
    throw new OutboundError('no_secret');
  const secret = written.safeParse(await readJson(join(folder, institution_id), name));
  if (!secret.success || secret.data.origin !== origin) throw new OutboundError('no_secret');
  return secret.data;
}

async function readJson(folder: string, name: string): Promise<unknown> {
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, name))]);
    if (!path.startsWith(root + sep)) return undefined;
    // A pipe must hold up nobody.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const facts = await file.stat();
      if (!facts.isFile() || facts.size > MOST_BYTES) return undefined;
      return JSON.parse(await file.readFile('utf8'));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
