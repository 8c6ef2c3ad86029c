/**
 * An objection: pending until the presiding judge rules or who raised it withdraws it. A reserved ruling lets the
 * speaker go on; it is given later, once, or never.
 */

import { z } from 'zod';
import { actor, at, listOf, named, text, uuid } from '../../core/definitions/answers.ts';
import { defineTable } from '../../core/definitions/table.ts';
import { insert, type Row, update, type Write } from '../../core/definitions/write.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { SIDES, type Side } from '../formats/format.ts';
import { EVIDENCE, type Ground, POINTS, ruleOf } from './grounds.ts';

/** `unruled`: still pending when the session ended. */
const OBJECTION_STATES = ['pending', 'sustained', 'overruled', 'reserved', 'withdrawn', 'unruled'] as const;
export type ObjectionState = (typeof OBJECTION_STATES)[number];

export const DECISIONS = ['sustained', 'overruled', 'reserved'] as const;

export interface Objection {
  id: string;
  turn_id: string;
  ground: Ground;
  reason: string | null;
  /** The side that objects; null when the bench or a clerk does. */
  side: Side | null;
  raised_by: string;
  raised_at: string;
  state: ObjectionState;
  /** What the bench said when it ruled, or when it reserved its ruling. */
  ruling: string | null;
  reserved_at: string | null;
  ruled_by: string | null;
  ruled_at: string | null;
  withdrawn_at: string | null;
}

export const objections = defineTable({
  name: 'objections',
  stream: 'session',
  owner: 'session_id',
  primary_key: ['id'],
  frozen_with: 'session',
  visible: { with: 'courtroom_sessions', by: 'session_id' },
  found_by: 'objection_id',
});

export function pendingObjection(objections: readonly Objection[]): Objection | undefined {
  return objections.find(({ state }) => state === 'pending');
}

function columns({ id: _, ...objection }: Objection): Row {
  return { ...objection };
}

export function objectionInsert(session_id: string, objection: Objection): Write {
  return insert('objections', { id: objection.id }, { session_id, ...columns(objection) });
}

export function objectionUpdate(objection: Objection): Write {
  return update('objections', { id: objection.id }, columns(objection));
}

export const objectionAnswer = named(
  'Objection',
  z.strictObject({
    id: uuid,
    turn_id: uuid,
    ground: z.enum([...Object.keys(EVIDENCE), ...Object.keys(POINTS)] as Ground[]),
    /** Of the Federal Rules of Evidence, where the ground has one. */
    rule: text.nullable(),
    reason: text.nullable(),
    side: z.enum(SIDES).nullable(),
    raised_by: actor,
    raised_at: at,
    state: z.enum(OBJECTION_STATES),
    ruling: text.nullable(),
    reserved_at: at.nullable(),
    ruled_by: actor.nullable(),
    ruled_at: at.nullable(),
    withdrawn_at: at.nullable(),
  }),
  {
    ...{ id: EXAMPLE.objection_id, turn_id: EXAMPLE.turn_id, ground: 'procedural', rule: null, reason: null },
    ...{ side: 'respondent', raised_by: EXAMPLE.respondent.user_id, raised_at: EXAMPLE.now, state: 'pending' },
    ...{ ruling: null, reserved_at: null, ruled_by: null, ruled_at: null, withdrawn_at: null },
  },
);
export const objectionList = listOf('ObjectionList', objectionAnswer);

/** An objection as every answer shows it. */
export function objectionResource(objection: Objection): z.output<typeof objectionAnswer> {
  return { ...objection, rule: ruleOf(objection.ground) };
}
