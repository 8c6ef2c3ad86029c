/** Where the signer keeps what is its own: apart from the database, and for each installation in a folder of its own. */
import { join, resolve } from 'node:path';
import type { Config } from '../process/config.ts';

export interface SignerFiles {
  origin: string;
  logKey: string;
  headKey: string;
  state: string;
  /** Where checkpoints go. */
  sinks: readonly string[];
}

/** Signs heads under this name, checkpoints under the origin's. */
export function headKeyName(origin: string): string {
  return `${origin}/head`;
}

export function signerFiles(config: Config, installation: string): SignerFiles {
  const folder = join(config.PLEAROLL_HOME, 'signer', installation);
  const { LOG_ORIGIN, LOG_KEY_FILE, HEAD_KEY_FILE, SIGNER_STATE_FILE, CHECKPOINT_SINKS } = config;
  return {
    origin: LOG_ORIGIN ?? `plearoll/${installation}`,
    logKey: resolve(LOG_KEY_FILE ?? join(folder, 'log.key')),
    headKey: resolve(HEAD_KEY_FILE ?? join(folder, 'head.key')),
    state: resolve(SIGNER_STATE_FILE ?? join(folder, 'state.json')),
    sinks: CHECKPOINT_SINKS ?? [`file:${join(folder, 'checkpoints.txt')}`],
  };
}
