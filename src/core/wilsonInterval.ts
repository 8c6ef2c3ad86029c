/** How sure a share is of which only so many were seen. Pure. */

/** Of a normal distribution, for 95 per cent. */
const Z = 1.96;
/** Of fewer nothing is said. */
const TOO_FEW = 30;

export interface Interval {
  from: number;
  to: number;
}

/** Wilson's interval (1927): within it the share lies 19 times in 20, in whole per cent; null where too few were seen. */
export function intervalOf(part: number, n: number): Interval | null {
  if (n < TOO_FEW) return null;
  const share = part / n;
  const middle = share + (Z * Z) / (2 * n);
  const width = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  const scale = 1 + (Z * Z) / n;
  const whole = (end: number) => Math.round(Math.min(1, Math.max(0, end / scale)) * 100);
  return { from: whole(middle - width), to: whole(middle + width) };
}
