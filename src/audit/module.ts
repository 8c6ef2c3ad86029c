/** Audit: access that was granted or denied, and what admins changed. */
import { defineModule } from '../core/definitions/module.ts';
import { downloadData } from './downloadData.ts';
import { auditEntries } from './entry.ts';
import { readEntries } from './readEntries.ts';
import { recordEntries } from './recordEntries.ts';

export const audit = defineModule({
  name: 'audit',
  reserved: { event_prefixes: [], stream_kinds: ['audit'] },
  systemCommands: [recordEntries],
  tables: [auditEntries],
  queries: [readEntries, downloadData],
});
