/** A site's document by its mapping, in our words. What cannot be read of it is said by pointer, without its value. Pure. */
import { sha256 } from '../../../core/chain/sha256.ts';
import { groupBy } from '../../../core/groupBy.ts';
import { cleanLine, instantOf } from '../clean.ts';
import { valueAt } from '../jsonPointer.ts';
import { nameId, personNamed, teamOfPeople } from '../people.ts';
import {
  type Debate,
  MOST,
  type Panellist,
  type Person,
  PHASES,
  type Phase,
  type ProviderEvent,
  type Round,
  type Score,
  type Standings,
  type Team,
} from '../provider.ts';
import type { GenericMapping } from './mapping.ts';

export interface MappingFault {
  /** Into the sample. */
  pointer: string;
  detail: string;
}

export interface GenericDocument {
  rounds: Round[];
  live: Map<string, { round: number; phase: Phase; score: Score | null }>;
  events: ProviderEvent[];
  standings: Standings['teams'];
  faults: MappingFault[];
}

interface Match {
  round: number;
  round_name: string | null;
  isReleased: boolean;
  debate: Debate;
  phase: Phase;
  score: Score | null;
}

const MOST_ID = 200;

type Fault = (pointer: string, detail: string) => undefined;

export function readDocument(document: unknown, mapping: GenericMapping): GenericDocument {
  const faults: MappingFault[] = [];
  const fault: Fault = (pointer, detail) => void faults.push({ pointer, detail }) as undefined;
  const items = listAt(document, mapping.matches, MOST.debates, fault);
  const read = items.flatMap((item, i) => matchOf(item, `${mapping.matches}/${i}`, mapping, fault) ?? []);
  const matches = [...new Map(read.map((match) => [match.debate.id, match])).values()];
  if (matches.length < read.length) fault(mapping.matches, 'names a match twice');
  return {
    rounds: roundsOf(matches),
    live: new Map(matches.map(({ debate, round, phase, score }) => [debate.id, { round, phase, score }])),
    events: eventsOf(document, mapping, fault),
    standings: standingsOf(document, mapping, fault),
    faults,
  };
}

function listAt(value: unknown, pointer: string, most: number, fault: Fault): unknown[] {
  const list = valueAt(value, pointer);
  if (!Array.isArray(list)) return fault(pointer, 'is no list') ?? [];
  if (list.length > most) fault(pointer, `has more than ${most} elements`);
  return list.slice(0, most);
}

function matchOf(item: unknown, at: string, mapping: GenericMapping, fault: Fault): Match | undefined {
  const id = idOf(item, mapping.id);
  if (id === undefined) return fault(`${at}${mapping.id}`, 'is no id: a text or a number');
  const round = mapping.round === undefined ? 1 : Number(valueAt(item, mapping.round));
  if (!Number.isInteger(round) || round < 1 || round > 999)
    return fault(`${at}${mapping.round}`, 'is no number of a round, from 1 to 999');
  const text = (pointer: string | undefined) => (pointer === undefined ? null : cleanLine(valueAt(item, pointer)));
  const courtroom = text(mapping.courtroom);
  const teams = (['petitioner', 'respondent'] as const).map((side) => teamAt(item, at, side, mapping, fault));
  const phase = phaseAt(item, at, mapping, fault);
  const debate: Debate = {
    id,
    title: text(mapping.title),
    teams: teams.filter((team) => team !== undefined),
    panel: panelAt(item, mapping),
    venue: courtroom === null ? null : { id: courtroom, name: courtroom },
    sides_confirmed: true,
    result: phase === 'finished' ? 'confirmed' : 'none',
    starts_at: timeAt(item, at, mapping, fault),
  };
  const isReleased = mapping.released === undefined || valueAt(item, mapping.released) === true;
  return { round, round_name: text(mapping.round_name), isReleased, debate, phase, score: scoreAt(item, mapping) };
}

function idOf(item: unknown, pointer: string): string | undefined {
  const value = valueAt(item, pointer);
  return cleanLine(typeof value === 'number' && Number.isFinite(value) ? String(value) : value) ?? undefined;
}

function teamAt(
  item: unknown,
  at: string,
  side: 'petitioner' | 'respondent',
  mapping: GenericMapping,
  fault: Fault,
): Team | undefined {
  const { id, name, speakers } = mapping[side];
  const called = cleanLine(valueAt(item, name));
  const people = speakers === undefined ? [] : peopleAt(item, speakers);
  if (called === null && people.length === 0) return fault(`${at}${name}`, 'names no team');
  if (called === null) return teamOfPeople(side, people);
  return {
    side,
    id: (id === undefined ? undefined : idOf(item, id)) ?? nameId(called),
    name: called,
    speakers: people,
  };
}

function peopleAt(
  item: unknown,
  { items, id, name }: { items: string; id?: string | undefined; name: string },
): Person[] {
  const list = valueAt(item, items);
  if (!Array.isArray(list)) return [];
  return list.slice(0, MOST.people).flatMap((one) => personAt(one, { id, name }) ?? []);
}

function personAt(one: unknown, { id, name }: { id?: string | undefined; name: string }): Person | undefined {
  const person = personNamed(valueAt(one, name));
  const own = id === undefined ? person?.id : idOf(one, id);
  return own === undefined ? undefined : { id: own, name: person?.name ?? null };
}

/** Where the mapping says who presides, nobody does of a panel in which nobody is said to. */
function panelAt(item: unknown, { panel }: GenericMapping): Panellist[] {
  if (panel === undefined) return [];
  const { items, chair } = panel;
  const list = valueAt(item, items);
  if (!Array.isArray(list)) return [];
  const people = list.slice(0, MOST.people).flatMap((one) => {
    const person = personAt(one, panel);
    if (!person) return [];
    const own = panel.id === undefined ? person : { ...person, id: judgeId(person.id) };
    return [{ person: own, isChair: chair !== undefined && valueAt(one, chair) === true }];
  });
  const presiding = chair === undefined ? 0 : people.findIndex(({ isChair }) => isChair);
  return people.map(({ person }, i) => ({ ...person, place: i === presiding ? 'chair' : 'panellist' }));
}

/** A site may number its judges and its speakers each from 1. */
function judgeId(id: string): string {
  const own = `judge ${id}`;
  return own.length <= MOST_ID ? own : `judge ${sha256(id)}`;
}

function timeAt(item: unknown, at: string, { scheduled_at, time_zone }: GenericMapping, fault: Fault): string | null {
  const value = scheduled_at === undefined ? undefined : valueAt(item, scheduled_at);
  if (value === undefined || value === null || value === '') return null;
  return instantOf(value, time_zone) ?? fault(`${at}${scheduled_at}`, 'is no time with a zone') ?? null;
}

function phaseAt(item: unknown, at: string, { phase, phases }: GenericMapping, fault: Fault): Phase {
  const value = phase === undefined ? undefined : valueAt(item, phase);
  if (value === undefined || value === null) return 'scheduled';
  const known = Object.hasOwn(phases, String(value)) ? phases[String(value)] : PHASES.find((one) => one === value);
  return known ?? fault(`${at}${phase}`, 'is a phase that `phases` does not name') ?? 'scheduled';
}

function scoreAt(item: unknown, { score }: GenericMapping): Score | null {
  if (score === undefined) return null;
  const points = (pointer: string) => {
    const value = valueAt(item, pointer);
    return typeof value === 'number' && Math.abs(value) <= 1_000_000 ? Math.round(value * 100) / 100 : null;
  };
  const winner = score.winner === undefined ? undefined : valueAt(item, score.winner);
  const known = (['petitioner', 'respondent'] as const).find((side) => side === winner) ?? null;
  const read: Score = { petitioner: points(score.petitioner), respondent: points(score.respondent), winner: known };
  return Object.values(read).every((value) => value === null) ? null : read;
}

function roundsOf(matches: readonly Match[]): Round[] {
  return [...groupBy(matches, ({ round }) => String(round))]
    .map(([round, members]) => ({ seq: Number(round), members }))
    .toSorted((a, b) => a.seq - b.seq)
    .slice(0, MOST.rounds)
    .map(({ seq, members }) => ({
      seq,
      name: members.find(({ round_name }) => round_name !== null)?.round_name ?? `Round ${seq}`,
      // Of a round of which a part may be shown, none is.
      draw_status: members.every(({ isReleased }) => isReleased) ? 'R' : 'C',
      silent: false,
      starts_at: null,
      debates: members.map(({ debate }) => debate),
    }));
}

function eventsOf(document: unknown, { events, time_zone }: GenericMapping, fault: Fault): ProviderEvent[] {
  if (events === undefined) return [];
  return listAt(document, events.items, MOST.events, fault).flatMap((item, i) => {
    const [id, debate] = [idOf(item, events.id), idOf(item, events.match)];
    const type = cleanLine(valueAt(item, events.type))
      ?.toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 40);
    if (id === undefined || debate === undefined || !type)
      return fault(`${events.items}/${i}`, 'lacks the id, the match or the type of an event') ?? [];
    const at = events.at === undefined ? null : instantOf(valueAt(item, events.at), time_zone);
    return [{ id, debate, type, at, text: events.text === undefined ? null : cleanLine(valueAt(item, events.text)) }];
  });
}

function standingsOf(document: unknown, { standings }: GenericMapping, fault: Fault): Standings['teams'] {
  if (standings === undefined) return [];
  return listAt(document, standings.items, MOST.teams, fault).flatMap((item, i) => {
    const id = idOf(item, standings.id);
    if (id === undefined) return fault(`${standings.items}/${i}${standings.id}`, 'is no id') ?? [];
    const points = standings.points === undefined ? undefined : valueAt(item, standings.points);
    return [
      {
        ...{ id, name: cleanLine(valueAt(item, standings.name)), rank: i + 1 },
        points: typeof points === 'number' && Number.isFinite(points) ? points : null,
      },
    ];
  });
}
