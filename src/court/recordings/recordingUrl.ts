/**
 * The address of a recording, which stays on record for ever: `https`, in visible ASCII as every address can be written,
 * so that a character is a byte of the index that keeps it from being listed twice, and without a name or a password.
 */
import { z } from 'zod';

export function recordingAddress(max_length: number) {
  return z
    .url({ abort: true })
    .regex(/^https:\/\/[\x21-\x7e]+$/, 'must begin with https:// and hold visible ASCII alone')
    .max(max_length)
    .refine((url) => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).password === ''), {
      error: 'must not hold a user name or a password',
    });
}
