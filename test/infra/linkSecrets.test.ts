/** Secrets of links: told again for a day, and compared by their hash for as long as that is kept. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createLinkSecrets, isSecretOf } from '../../src/infra/linkSecrets.ts';
import { ticketKeysOf } from '../../src/infra/ticketKeys.ts';

const id = randomUUID();
const today = createLinkSecrets(ticketKeysOf('today', 'tomorrow', 'yesterday'));
const tomorrow = createLinkSecrets(ticketKeysOf('tomorrow', 'after', 'today'));
const later = createLinkSecrets(ticketKeysOf('later', 'still later', 'after'));

test('the secret of what a command made is told again until its key is gone, and is good beyond', () => {
  const secret_hash = today.hashOf(id);
  const secret = today.secretOf(id, secret_hash)!;
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(tomorrow.secretOf(id, secret_hash)).toBe(secret);
  expect(later.secretOf(id, secret_hash)).toBeUndefined();
  expect(isSecretOf(secret, secret_hash)).toBe(true);
});

test('no other secret is good, and none of another length', () => {
  const secret_hash = today.hashOf(id);
  const other = today.secretOf(randomUUID(), secret_hash);
  expect(other).toBeUndefined();
  const another = randomUUID();
  const foreign = today.secretOf(another, today.hashOf(another))!;
  for (const wrong of [foreign, '', 'x', secret_hash, `${foreign}x`]) {
    expect(isSecretOf(wrong, secret_hash)).toBe(false);
  }
});
