/**
 * Carrying out erasures: in the transaction that records one, the payload and its salt are deleted, the rows that bore its
 * texts are written again from what remains of it, and the command that brought it loses its input, as every command of
 * the stream whose result repeated a text of it loses that result.
 */

import { commandIdOf } from '../chain/ids.ts';
import { EVENT_COLUMNS, type EventRow, REMAINS, recordedEvent } from '../chain/ledger.ts';
import type { Catalog } from '../definitions/command.ts';
import { type ErasedPayload, PAYLOAD_ERASED } from '../definitions/erasure.ts';
import type { JsonObject } from '../definitions/event.ts';
import type { Row, Write } from '../definitions/write.ts';
import type { Queryable } from '../sql/queryable.ts';
import { applyWrites, foldWrites } from './projections.ts';
import { dropSnapshots } from './stateSnapshots.ts';
import { initialState } from './streamStates.ts';

/** An erasure that was decided, with what is to be done about it. */
export interface Erasing {
  /** What the event says. */
  erased: ErasedPayload;
  actor: string;
  at: string;
  /** The texts that are taken out of rows. */
  writes: Write[];
  commands: { id: string; outcome: string; isOwn: boolean }[];
}

const STREAM = `
  select ${EVENT_COLUMNS}, ${REMAINS}
  from events e
  left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
  left join erasures x on x.stream = e.stream and x.sequence = e.sequence
  where e.stream = $1 and (e.sequence = $2 or e.event_type = any($3))
  order by e.sequence`;

const COMMANDS = `
  with recursive own as (
    select c.id, c.redrive_of from commands c where c.id = $2
    union select c.id, c.redrive_of from commands c join own on c.id = own.redrive_of
  ), named as (
    select id from own union select (left(e.event_id::text, 32) || '0000')::uuid from events e where e.stream = $1
  )
  select c.id, c.outcome, c.id in (select id from own) as "isOwn" from named join commands c using (id)
  where c.outcome is not null and (c.id in (select id from own)
    or exists (select from unnest($3::text[]) as text where strpos(c.outcome, text) > 0))`;

/** @param rows that were decided */
export async function prepareErasures(db: Queryable, catalog: Catalog, rows: readonly EventRow[]): Promise<Erasing[]> {
  const prepared: Erasing[] = [];
  for (const { event_type, payload, actor_id: actor, occurred_at: at } of rows) {
    if (event_type !== PAYLOAD_ERASED) continue;
    const erased = JSON.parse(payload!) as ErasedPayload;
    const values = [erased.stream, erased.event_sequence, [...catalog.events.keys()]];
    const events = (await db.query<EventRow>(STREAM, values)).rows;
    const event = events.find(({ sequence }) => sequence === erased.event_sequence)!;
    const said = JSON.parse(event.payload!) as JsonObject;
    const definition = catalog.events.get(event.event_type);
    const wiped = definition?.wipes?.(said as never) ?? [];
    const writes = definition ? [...blankingWrites(catalog, events, event, erased.remains), ...wiped] : [];
    const texts = definition ? textsLost(said, erased.remains) : [];
    const asked = [erased.stream, commandIdOf(event.event_id), texts.map((text) => JSON.stringify(text))];
    const { rows: found } = await db.query<Erasing['commands'][number]>(COMMANDS, asked);
    const commands = found.flatMap((command) => withoutTexts(command, new Set(texts)) ?? []);
    prepared.push({ erased, actor, at, writes, commands });
  }
  return prepared;
}

/** Its statements go out after those that record the erasing event: the guards look for that. */
export function carryOut(db: Queryable, { erased, writes, commands }: Erasing): Promise<unknown>[] {
  const { stream, event_sequence } = erased;
  const own = commands.filter(({ isOwn }) => isOwn).map(({ id }) => id);
  return [
    db.query('delete from event_payloads where stream = $1 and sequence = $2', [stream, event_sequence]),
    ...applyWrites(db, writes),
    dropSnapshots(db, stream),
    db.query(
      `update commands c set outcome = o.outcome from unnest($1::uuid[], $2::text[]) as o (id, outcome) where c.id = o.id`,
      [commands.map(({ id }) => id), commands.map(({ outcome }) => outcome)],
    ),
    db.query(`update commands set input = '{}', fingerprint = null, last_error = null where id = any($1)`, [own]),
  ];
}

/** What differs between the rows that the events ask for with the payload, and with what remains of it. */
function blankingWrites(catalog: Catalog, events: EventRow[], erased: EventRow, remains: JsonObject = {}): Write[] {
  const before = rowsOf(catalog, events);
  const blank = { ...erased, payload: JSON.stringify(remains) };
  const after = rowsOf(
    catalog,
    events.map((event) => (event === erased ? blank : event)),
  );
  return [...after].flatMap(([key, row]) => {
    const was = before.get(key)!.set;
    const changed = Object.entries(row.set).filter(([name, is]) => JSON.stringify(is) !== JSON.stringify(was[name]));
    return changed.length === 0 ? [] : [{ ...row, insert: false, set: Object.fromEntries(changed) as Row }];
  });
}

function rowsOf(catalog: Catalog, events: readonly EventRow[]): Map<string, Write> {
  let state = initialState(catalog, events[0]!.stream);
  const writes = events.flatMap((row) => {
    const definition = catalog.events.get(row.event_type)!;
    const event = recordedEvent(row) as never;
    state = definition.evolve(state, event);
    return definition.project(event, state);
  });
  return new Map(foldWrites(writes).map((write) => [JSON.stringify([write.table, write.key]), write]));
}

/** The texts of a payload that do not remain. */
function textsLost(said: JsonObject, remains: JsonObject = {}): string[] {
  const kept = new Set(textsIn(remains));
  return [...new Set(textsIn(said))].filter((text) => text !== '' && !kept.has(text));
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Of a result that repeats a text only the id is left. */
function withoutTexts(command: Erasing['commands'][number], texts: ReadonlySet<string>) {
  const { result, ...rest } = JSON.parse(command.outcome) as { result?: JsonObject };
  const isLeft = !command.isOwn && !textsIn(result).some((text) => texts.has(text));
  if (isLeft) return undefined;
  return { ...command, outcome: JSON.stringify({ ...rest, ...(result && { result: { id: result.id } }) }) };
}
