/** Texts and times of others, made into what we keep: a line that reads as it is written, an instant with its zone. Or nothing. */

const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;
const LONE = /\p{Cs}/gu;
const MOST_CHARACTERS = 200;

/** @returns null where there is nothing to read in it */
export function cleanLine(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  // Long enough for all that can be kept of it, whatever is taken out.
  const plain = text
    .slice(0, 8 * MOST_CHARACTERS)
    .replace(UNSEEN, ' ')
    .replace(/\s+/g, ' ')
    .normalize('NFC')
    .trim();
  const line = plain.slice(0, MOST_CHARACTERS).replace(LONE, '').trim();
  return line === '' ? null : line;
}

const ZONED = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?) ?(Z|[+-]\d{2}:?\d{2})?$/;
const [FIRST_YEAR, LAST_YEAR] = [2000, 2100];
const DAY_MS = 24 * 3_600_000;

/** @returns what is between date and time, and what follows; undefined where the text is no date with a time */
export function partsOfTime(text: unknown): { local: string; offset: string | undefined } | undefined {
  const [, date, time, offset] = (typeof text === 'string' && ZONED.exec(text.trim())) || [];
  if (date === undefined) return undefined;
  const full = time!.length === 5 ? `${time}:00` : time!;
  return {
    local: `${date}T${full}`,
    offset: offset && /\d{4}$/.test(offset) ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset,
  };
}

/**
 * @param zone the IANA name of the zone in which times without one are meant
 * @returns null where the zone is not known, or where clocks show that time twice or never
 */
export function instantOf(text: unknown, zone: string | undefined): string | null {
  const parts = partsOfTime(text);
  if (parts === undefined) return null;
  const { local, offset } = parts;
  // The 30th of February is not the 2nd of March.
  const written = Date.parse(`${local}Z`);
  if (Number.isNaN(written) || new Date(written).toISOString().slice(0, 10) !== local.slice(0, 10)) return null;
  const at = offset === undefined ? instantIn(zone, written) : Date.parse(`${local}${offset}`);
  if (at === undefined || Number.isNaN(at)) return null;
  const year = new Date(at).getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR ? new Date(at).toISOString() : null;
}

/** @param local the time that clocks of the zone show, as if it were UTC */
function instantIn(zone: string | undefined, local: number): number | undefined {
  const clock = zone === undefined ? undefined : clockOf(zone);
  if (clock === undefined) return undefined;
  const offsets = new Set([local - DAY_MS, local + DAY_MS].map((at) => clock(at) - at));
  const fitting = [...offsets].map((offset) => local - offset).filter((at) => clock(at) === local);
  return fitting.length === 1 ? fitting[0] : undefined;
}

type Clock = (at: number) => number;

/** To make one takes longer than to ask it a hundred times. */
const clocks = new Map<string, Clock | undefined>();
const MOST_CLOCKS = 1_000;

/** What clocks of a zone show at an instant, as if it were UTC. Undefined where there is no such zone. */
function clockOf(zone: string): Clock | undefined {
  if (!clocks.has(zone)) {
    if (clocks.size >= MOST_CLOCKS) clocks.clear();
    clocks.set(zone, makeClock(zone));
  }
  return clocks.get(zone);
}

function makeClock(zone: string): Clock | undefined {
  try {
    const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
    const rest = { second: '2-digit', hourCycle: 'h23', calendar: 'iso8601', numberingSystem: 'latn' } as const;
    const format = new Intl.DateTimeFormat('sv-SE', { ...digits, ...rest, timeZone: zone });
    return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) + (((at % 1_000) + 1_000) % 1_000);
  } catch {
    return undefined;
  }
}
