/** What a worker has read of the inbox, or the door has counted, becomes entries of one trail. */
import { z } from 'zod';
import { defineSystemCommand } from '../access/defineCommand.ts';
import { actor, hash } from '../core/definitions/answers.ts';
import { defineEvent } from '../core/definitions/event.ts';
import { id, instant } from '../core/definitions/schemas.ts';
import { insert } from '../core/definitions/write.ts';
import { auditStream, ENTRY_TYPES, type EntryType, OUTCOMES, theTrail } from './entry.ts';

/** Of one command. */
export const MOST_ENTRIES = 100;

/** Names of ours: of commands, routes, roles, codes and streams. Nothing that somebody typed. */
const ours = z
  .string()
  .regex(/^[\x21-\x7e]+( [\x21-\x7e]+)?$/)
  .max(120);

const entry = z.strictObject({
  user_id: actor,
  role: ours,
  action: ours,
  outcome: z.enum(OUTCOMES),
  code: ours.nullable(),
  command_id: id.nullable(),
  subject: ours.nullable(),
  count: z.int().min(1),
  happened_at: instant,
  /** What it said at length: a file beside the record, by its hash. */
  data: z.strictObject({ sha256: hash, size_bytes: z.int().min(1) }).exactOptional(),
});

/** Their types begin with a word that was always kept free: an entry of the court's own may bear any other. */
const entryOf = (type: EntryType) =>
  defineEvent({
    stream: auditStream,
    type: `PROCEDURAL_AUDIT_${type.toUpperCase()}`,
    payload: entry,
    evolve: (trail, { id, payload: { data } }) =>
      data ? { ...trail, files: [...trail.files, { of: `entry ${id}`, ...data }] } : trail,
    project(event, { id: owner }) {
      const { data, ...facts } = event.payload;
      const placed = { owner, event_sequence: event.sequence, type, recorded_at: event.at };
      const file = { data_sha256: data?.sha256 ?? null, data_bytes: data?.size_bytes ?? null };
      return [insert('audit_entries', { id: event.id }, { ...placed, ...facts, ...file })];
    },
  });

export const ENTRIES = {
  access_grant: entryOf('access_grant'),
  access_deny: entryOf('access_deny'),
  policy_change: entryOf('policy_change'),
  admin_action: entryOf('admin_action'),
  mfa_event: entryOf('mfa_event'),
};

export const recordEntries = defineSystemCommand({
  name: 'audit.record',
  summary: 'Put on an audit trail what was done or refused',
  body: z.strictObject({
    /** The institution, or the installation. */
    owner: id,
    entries: z
      .array(entry.extend({ type: z.enum(ENTRY_TYPES) }))
      .min(1)
      .max(MOST_ENTRIES),
  }),
  locks: ({ owner }) => [theTrail(owner)],
  decide: (_, { input: { entries } }) => entries.map(({ type, ...facts }) => ENTRIES[type](facts)),
  result: ({ states }) => ({ id: states.audit.id }),
  keeps: ({ owner }) => ({ owner }),
  records: Object.values(ENTRIES),
  rejects: [],
});

export type Entry = Parameters<typeof recordEntries.decide>[1]['input']['entries'][number];
