/**
 * The audit trail: access that was granted or denied, and what admins changed. A stream for each institution, and one of the
 * installation's own for what is of none. Its state knows no entry but the files that they name: nothing is decided by what was audited before.
 */
import { z } from 'zod';
import { at, count, hash, listOf, named, text, uuid } from '../core/definitions/answers.ts';
import type { Lock } from '../core/definitions/defineCommand.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import type { RecordedFile } from '../core/definitions/files.ts';
import { defineStream, streamName } from '../core/definitions/stream.ts';
import { defineTable } from '../core/definitions/table.ts';

export const ENTRY_TYPES = ['access_grant', 'access_deny', 'policy_change', 'admin_action', 'mfa_event'] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

/** `refused` at the door, before there was a command. */
export const OUTCOMES = ['applied', 'rejected', 'dead', 'refused'] as const;

export interface Trail {
  id: string;
  /** Of the entries that have one. */
  files: readonly RecordedFile[];
}

export const auditStream = defineStream<Trail>('audit', {
  initial: (id) => ({ id, files: [] }),
  files: ({ files }) => files,
  apart: true,
  // A worker writes it in batches.
  few: true,
});

/** @param owner an institution, or the installation */
export const theTrail = (owner: string): Lock<'audit', Trail> => ({
  kind: 'audit',
  stream: streamName('audit', owner),
});

export const auditEntries = defineTable({
  name: 'audit_entries',
  stream: 'audit',
  owner: 'owner',
  primary_key: ['id'],
  append_only: true,
  visible: 'to_institution',
});

export const entryAnswer = named(
  'AuditEntry',
  z.strictObject({
    id: uuid,
    /** The institution, or the installation where it is of none. */
    owner: uuid,
    type: z.enum(ENTRY_TYPES),
    user_id: text,
    role: text,
    /** A command's name, or the route that was refused. */
    action: text,
    outcome: z.enum(OUTCOMES),
    code: text.nullable(),
    command_id: uuid.nullable(),
    /** The stream that it was about. */
    subject: text.nullable(),
    /** How often it was refused in its minute. */
    count,
    happened_at: at,
    recorded_at: at,
    event_sequence: count,
    /** Of what it said at length, a file beside the record. */
    data_sha256: hash.nullable(),
    data_bytes: count.nullable(),
  }),
  {
    ...{ id: EXAMPLE.event_id, owner: EXAMPLE.institution_id, type: 'admin_action' as const },
    ...{ user_id: EXAMPLE.user_id, role: 'admin', action: 'institution.settings', outcome: 'applied' as const },
    ...{ code: null, command_id: EXAMPLE.command_id, subject: `institution:${EXAMPLE.institution_id}`, count: 1 },
    ...{ happened_at: EXAMPLE.now, recorded_at: EXAMPLE.now, event_sequence: 17 },
    ...{ data_sha256: null, data_bytes: null },
  },
);

export const entriesAnswer = listOf('AuditEntries', entryAnswer);
