/** What an entry of the audit trail says at length: its file, to the admins who may read the entry. */
import { isUuid } from '../core/chain/ids.ts';
import { ADMINS } from '../core/definitions/actor.ts';
import { defineFileQuery, NO_QUERY } from '../core/definitions/query.ts';

/** Row security leaves those of the reader's institution. */
const FILE = {
  name: 'find-file-of-entry',
  text: `
    select id, data_sha256 as sha256, data_bytes as size_bytes from audit_entries
    where id = $1 and data_sha256 is not null`,
};

interface EntryFile {
  id: string;
  sha256: string;
  size_bytes: number;
}

export const downloadData = defineFileQuery({
  name: 'audit.data',
  route: 'GET /audit/:entry_id/data',
  summary: 'The file of an entry of the audit trail, where it has one',
  roles: ADMINS,
  query: NO_QUERY,
  target: () => null,
  async read({ db, params: { entry_id } }) {
    if (!isUuid(entry_id)) return undefined;
    return (await db.query<EntryFile>({ ...FILE, values: [entry_id] })).rows[0];
  },
  // Whatever was put there: it is saved, and never shown.
  attach: ({ id, sha256, size_bytes }) => ({
    ...{ sha256, size_bytes },
    ...{ media_type: 'application/octet-stream', name: `audit-${id}.bin` },
  }),
});
