/** Tokens: ending them before their time. Plearoll issues none but those of observers. */
import { defineModule } from '../core/definitions/module.ts';
import { revocationStream, revocations } from './revocation.ts';
import { revokeTokens } from './revokeTokens.ts';

export const tokens = defineModule({
  name: 'tokens',
  reserved: { event_prefixes: [], stream_kinds: ['revocation'] },
  commands: [revokeTokens],
  kinds: [revocationStream],
  tables: [revocations],
});
