/**
 * Bans have ended some time ago: the system takes out whom they were about, and why. That there was a ban, by which rule,
 * by whom and until when, stays; and of the honeypot's a hash, so that a second time is known to be one.
 */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { hash } from '../../core/definitions/answers.ts';
import type { FactSource } from '../../core/definitions/command.ts';
import { lapsed, MOST_LAPSED } from '../../core/definitions/erasure.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id, instant } from '../../core/definitions/schemas.ts';
import { update } from '../../core/definitions/write.ts';
import { groupBy } from '../../core/groupBy.ts';
import { type Bans, guardStream, REASONS_FOR, SUBJECTS, theGuard, trappedAs, withTrapped } from './ban.ts';
import { keptOf } from './subjects.ts';

const remains = z.strictObject({
  ban_id: id,
  subject: z.enum(SUBJECTS),
  rule: z.enum(REASONS_FOR),
  until: instant.nullable(),
  lifted_at: instant.nullable(),
  /** Its events of which there was no room here: the next erasure takes them. */
  left: z.array(z.int()),
});

export const bansErased = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_ERASED',
  payload: z.strictObject({
    ...lapsed,
    bans: z.array(remains),
    /** Of each key that they say has filled the honeypot, a hash; events of before have none. */
    trapped: z.array(hash).optional(),
  }),
  lapses: true,
  evolve(guard: Bans, { payload: { bans, trapped = [] } }) {
    const gone = new Set<string | null>(bans.map(({ ban_id }) => ban_id));
    const staying = <Value>(all: { readonly [key: string]: Value }, idOf: (value: Value) => string | null) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => !gone.has(idOf(value))));
    const known = staying(guard.trapped, (ban_id) => ban_id);
    return {
      ...guard,
      open: guard.open.filter((ban) => !gone.has(ban.id)),
      trapped: trapped.reduce<Bans['trapped']>((all, one) => withTrapped(all, one, null), known),
      pardoned: staying(guard.pardoned, ({ ban_id }) => ban_id),
    };
  },
  project: ({ at: changed_at, payload: { bans } }) =>
    bans.map(({ ban_id, left, ...facts }) => {
      const events = left.length > 0 ? left : null;
      const blank = { value: null, reason: null, review: false };
      return update('guard_bans', { id: ban_id }, { ...facts, ...blank, changed_at, events });
    }),
});

/** A ban is due that ended, or was lifted, before an instant. @param before an SQL expression */
export const isDue = (before: string) => `events is not null and least(lifted_at, until) <= ${before}`;

/** An event of a ban that is due. */
interface Due extends Omit<z.output<typeof remains>, 'left'> {
  key: string;
  events: number[];
  event_sequence: number;
  payload_commitment: string;
}

const DUE = `
  select d.*, asked.key from unnest($1::text[]) as asked (key) cross join lateral (
    select b.id as ban_id, b.subject, b.rule, b.until, b.lifted_at, b.events,
      e.sequence as event_sequence, encode(e.payload_commitment, 'hex') as payload_commitment
    from (
      select * from guard_bans
      where owner = split_part(asked.key, ' ', 1)::uuid and ${isDue(`split_part(asked.key, ' ', 2)::timestamptz`)}
      order by least(lifted_at, until), id limit ${MOST_LAPSED}) b
    cross join lateral unnest(b.events) as told (sequence)
    join events e on e.stream = 'guard:' || b.owner and e.sequence = told.sequence
    order by least(b.lifted_at, b.until), b.id, e.sequence limit ${MOST_LAPSED}) d`;

/** By what is asked for: what two commands would erase is the same. */
const due: FactSource<{ owner: string; before: string }, Due[]> = {
  key: ({ input: { owner, before } }) => `${owner} ${before}`,
  async load(db, asked) {
    const { rows } = await db.query<Due>(DUE, [asked]);
    return groupBy(rows, ({ key }) => key);
  },
};

export const eraseBans = defineSystemCommand({
  name: 'guard.erase',
  summary: 'Erase whom bans were about that ended before an instant, as many as one event may',
  body: z.strictObject({ owner: id, before: instant }),
  locks: ({ owner }) => [theGuard(owner)],
  facts: due,
  decide({ guard }, _, found = []) {
    if (found.length === 0) return [];
    const erased = found.map(({ event_sequence, payload_commitment }) => ({ event_sequence, payload_commitment }));
    const taken = new Set(found.map(({ event_sequence }) => event_sequence));
    const bans = [...groupBy(found, ({ ban_id }) => ban_id).values()].map(([ban]) => {
      const { ban_id, subject, rule, until, lifted_at, events } = ban!;
      return { ban_id, subject, rule, until, lifted_at, left: events.filter((sequence) => !taken.has(sequence)) };
    });
    const gone = new Set<string | null>(bans.map(({ ban_id }) => ban_id));
    const keys = Object.entries(guard.trapped).filter(([, ban_id]) => gone.has(ban_id));
    const trapped = keys.map(([key]) => trappedAs(guard, key));
    return [bansErased({ erased, bans, reason: 'retention', ...(trapped.length > 0 && { trapped }) })];
  },
  result: ({ states }) => ({ id: states.guard.id }),
  keeps: keptOf,
  records: [bansErased],
  rejects: [],
});
