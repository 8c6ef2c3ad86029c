/** The hour of the day somewhere. Zones are those that this Node knows, so there are few hundred formats to keep. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** 0 to 23. @param at RFC 3339, or milliseconds */
export function localHour(at: string | number, time_zone: string): number {
  const format = formats.get(time_zone) ?? formatOf(time_zone);
  formats.set(time_zone, format);
  return Number(format.format(new Date(at)));
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone, numberingSystem: 'latn' });
}

/** Night is from two to six, late from ten in the evening to two. */
export function partOfDay(hour: number): 'night' | 'late' | 'day' {
  if (hour >= 2 && hour < 6) return 'night';
  return hour >= 22 || hour < 2 ? 'late' : 'day';
}
