/** Where a person was seen, and whether anybody can have travelled so. Of addresses only their neighbourhood is known. Pure. */

/** In tenths of a degree, which is about ten kilometres: nobody's house. */
export interface Place {
  latitude_tenths: number;
  longitude_tenths: number;
}

/** A place at an instant, in milliseconds. */
export interface Seen extends Place {
  at: number;
  /** In the login session that is judged. */
  is_own: boolean;
}

const EARTH_KM = 6_371;
const FASTEST_KM_PER_HOUR = 800;
const WITHIN_MS = 12 * 3_600_000;
/** Addresses are known no better: what is nearer is the same place. */
const NEAR_KM = 100;

export function distanceKm(a: Place, b: Place): number {
  const radians = (tenths: number) => (tenths / 10) * (Math.PI / 180);
  const half = (from: number, to: number) => Math.sin((radians(to) - radians(from)) / 2) ** 2;
  const along = Math.cos(radians(a.latitude_tenths)) * Math.cos(radians(b.latitude_tenths));
  const chord = half(a.latitude_tenths, b.latitude_tenths) + along * half(a.longitude_tenths, b.longitude_tenths);
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}

export function isNear(a: Place, b: Place): boolean {
  return distanceKm(a, b) <= NEAR_KM;
}

/** Whether the session that is judged has, within twelve hours before `now`, a part in a journey that no airliner makes. */
export function isImpossible(seen: readonly Seen[], now: number): boolean {
  const inOrder = seen.filter(({ at }) => now - at <= 2 * WITHIN_MS).toSorted((a, b) => a.at - b.at);
  return inOrder.some((to, i) => {
    const from = inOrder[i - 1];
    if (!from || !(from.is_own || to.is_own) || now - to.at > WITHIN_MS || to.at - from.at > WITHIN_MS) return false;
    const km = distanceKm(from, to);
    return km > NEAR_KM && km * 3_600_000 > FASTEST_KM_PER_HOUR * (to.at - from.at);
  });
}
