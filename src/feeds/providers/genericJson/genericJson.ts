/**
 * Any site that gives its matches as one JSON document, by a mapping of JSON Pointers. The mapping is tried on a sample before
 * it is kept, so that what is wrong with it is said to its author, and not to the log of a poll.
 */
import { OutboundError, type Reading } from '../../../core/definitions/outbound.ts';
import type { Capability, Provider, Schedule, Site } from '../provider.ts';
import { capabilitiesOf, type GenericMapping, genericMapping } from './mapping.ts';
import { type GenericDocument, type MappingFault, readDocument } from './readDocument.ts';

const MOST_FAULTS = 50;

export type CheckedMapping =
  | { mapping: GenericMapping; schedule: Schedule; capabilities: Capability[] }
  | { faults: MappingFault[] };

/** The mapping alone: nobody has tried it on anything. */
export function checkPointers(mapping: unknown): { mapping: GenericMapping } | { faults: MappingFault[] } {
  const checked = genericMapping.safeParse(mapping);
  if (checked.success) return { mapping: checked.data };
  const faults = checked.error.issues.map(({ path, message }) => ({
    pointer: ['/mapping', ...path.map(String)].join('/'),
    detail: message,
  }));
  return { faults: faults.slice(0, MOST_FAULTS) };
}

/**
 * @param mapping as it was given
 * @param sample a document of the site, parsed
 * @returns the mapping with its defaults and what it makes of the sample, or what is wrong: pointers below `/mapping`, and in its sample
 */
export function checkMapping(mapping: unknown, sample: unknown): CheckedMapping {
  const checked = checkPointers(mapping);
  if ('faults' in checked) return checked;
  const { rounds, faults } = readDocument(sample, checked.mapping);
  if (rounds.length === 0 && faults.length === 0)
    faults.push({ pointer: checked.mapping.matches, detail: 'holds no match' });
  if (faults.length > 0)
    return {
      faults: faults.slice(0, MOST_FAULTS).map((one) => ({ ...one, pointer: `/mapping/sample${one.pointer}` })),
    };
  const schedule = { rounds, unchanged: false };
  return { mapping: checked.mapping, schedule, capabilities: capabilitiesOf(checked.mapping) };
}

export const genericJson: Provider = {
  name: 'generic_json',
  capabilities: new Set(['schedule', 'scoreboard', 'events', 'stats']),
  capabilitiesIn: (mapping) => capabilitiesOf(mapping as GenericMapping),

  async fetchSchedule(site, round) {
    const { value, unchanged } = await documentOf(site);
    return { rounds: value.rounds.filter(({ seq }) => round === undefined || seq === round), unchanged };
  },

  async fetchScoreboard(site, round) {
    const { value, unchanged } = await documentOf(site);
    const draw_status = value.rounds.find(({ seq }) => seq === round)?.draw_status ?? 'N';
    const live = [...value.live].filter(([, one]) => one.round === round);
    const debates = live.map(([id, { phase, score }]) => ({ id, phase, score }));
    return { round, draw_status, debates: draw_status === 'R' ? debates : [], unchanged };
  },

  async fetchEvents(site, round) {
    const { value } = await documentOf(site);
    const isShown = value.rounds.some(({ seq, draw_status }) => seq === round && draw_status === 'R');
    return isShown ? value.events.filter(({ debate }) => value.live.get(debate)?.round === round) : [];
  },

  async fetchStats(site) {
    const { value, unchanged } = await documentOf(site);
    return { teams: value.standings, unchanged };
  },
};

function documentOf(site: Site) {
  const mapping = genericMapping.safeParse(site.mapping);
  if (!mapping.success) throw new OutboundError('unreadable', { place: 'mapping' });
  return site.outbound.get(mapping.data.path, readingOf(site.mapping as object, mapping.data));
}

/** The same function for the same mapping: what it made of an answer is kept with the answer's ETag. */
const readings = new Map<string, Reading<GenericDocument>>();
const MOST_READINGS = 1_000;

function readingOf(given: object, mapping: GenericMapping): Reading<GenericDocument> {
  const key = JSON.stringify(given);
  const before = readings.get(key);
  if (before) return before;
  if (readings.size >= MOST_READINGS) readings.clear();
  const reading: Reading<GenericDocument> = (text) => {
    const document = readDocument(JSON.parse(text), mapping);
    const [fault] = document.faults;
    if (fault && document.rounds.length === 0) throw new OutboundError('unreadable', { place: fault.pointer });
    return document;
  };
  readings.set(key, reading);
  return reading;
}
