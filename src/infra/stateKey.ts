/**
 * The key with which workers seal snapshots of states. Its secret lies in a file apart from the database, so that who writes
 * to the one alone can make no worker believe what is not in the record; and it is another for each version of the code,
 * which may fold events otherwise. Workers that share the file believe each other's snapshots, and others only their own.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeOnce, readIfThere } from './files.ts';
import { digestCode } from './process/codeDigest.ts';
import type { Config } from './process/config.ts';
import type { Log } from './telemetry/log.ts';

const SECRET = /^[0-9a-f]{64}\n$/;

export function stateKeyFile({ PLEAROLL_HOME }: Pick<Config, 'PLEAROLL_HOME'>, installation: string): string {
  return join(PLEAROLL_HOME, 'worker', installation, 'states.key');
}

/** Where there can be no such file the key is this process's own, and what it sealed is of no use after its end. */
export async function openStateKey(file: string, log: Pick<Log, 'warn'>): Promise<Buffer> {
  try {
    const [secret, code] = await Promise.all([readOrMakeSecret(file), digestCode()]);
    return createHmac('sha256', secret).update(code).digest();
  } catch (err) {
    log.warn({ err }, 'no key of states to share; snapshots are of use to this process alone');
    return randomBytes(32);
  }
}

async function readOrMakeSecret(file: string): Promise<string> {
  if ((await readIfThere(file)) === undefined) await makeOnce(file, `${randomBytes(32).toString('hex')}\n`);
  const secret = (await readIfThere(file))!;
  if (!SECRET.test(secret)) throw new Error(`${file} holds no secret of 64 hexadecimal digits`);
  return secret;
}
