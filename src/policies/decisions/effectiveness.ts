/** How often a policy was right, in per cent, with how sure that is. Pure. */

export interface Told {
  /** Commands that passed. */
  passed: number;
  /** Refused, or lifted or to be refused, of people whom nobody had anything against. */
  wrong: number;
  refused: number;
}

export interface Effectiveness {
  /** 0 to 100; 70 where nothing was decided. */
  effectiveness: number;
  decided: number;
  /** Within which it lies 19 times in 20; null where too few were decided. */
  interval: { from: number; to: number } | null;
}

const NOTHING_KNOWN = 70;
const TOO_FEW = 30;
/** Of a normal distribution, for 95 per cent. */
const Z = 1.96;

export function effectivenessOf({ passed, wrong, refused }: Told): Effectiveness {
  const decided = passed + wrong + refused;
  if (decided === 0) return { effectiveness: NOTHING_KNOWN, decided, interval: null };
  const share = (passed + refused) / decided;
  return {
    effectiveness: Math.round(share * 100),
    decided,
    interval: decided < TOO_FEW ? null : intervalOf(share, decided),
  };
}

/** Wilson's interval (1927). */
function intervalOf(share: number, n: number): { from: number; to: number } {
  const middle = share + (Z * Z) / (2 * n);
  const width = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  const scale = 1 + (Z * Z) / n;
  const whole = (part: number) => Math.round(Math.min(1, Math.max(0, part / scale)) * 100);
  return { from: whole(middle - width), to: whole(middle + width) };
}
