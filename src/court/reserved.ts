/** Names that no custom event and no stranger's stream may bear, those of modules to come among them. */
import type { ReservedNames } from '../core/definitions/reserved.ts';

export const reserved: ReservedNames = {
  event_prefixes: ['SESSION', 'PARTICIPANT', 'TURN', 'OBJECTION', 'EXHIBIT', 'PROCEDURAL', 'ASSIGNMENT'],
  stream_kinds: [
    ...['assignment', 'session', 'tournament', 'gallery', 'contact', 'match', 'login'],
    ...['policy', 'audit', 'observers'],
  ],
};
