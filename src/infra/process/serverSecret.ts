/** The secret that keys the names of visitors without a token. */
import { createHmac } from 'node:crypto';
import type { Config } from './config.ts';

/**
 * Production has one of its own; elsewhere all processes of an installation derive the same.
 * @param shared what tokens are signed with, or the installation's id where that is a key
 */
export function serverSecretOf({ SERVER_SECRET }: Config, shared: string): string {
  return SERVER_SECRET ?? createHmac('sha256', shared).update('plearoll visitors').digest('hex');
}
