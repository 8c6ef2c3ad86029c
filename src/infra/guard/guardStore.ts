/**
 * Where the guard counts: in Redis, together with all other APIs, or in this process. Two adapters with equal results,
 * each of whose answers is one step that nothing comes between. The numbers are the guard's (src/guard/rules.ts).
 */

/** What it counts by: the numbers, in milliseconds where they are times. */
export interface GuardNumbers {
  burst: { routes: number; window_ms: number };
  rate: { posts: number; window_ms: number };
  block_ms: number;
  keys: { of_address: number; window_ms: number };
  text: { refused: number; window_ms: number };
  reports: { window_ms: number };
  commands: { most: number; window_ms: number };
}

/** A visitor without a token. */
export interface Visitor {
  /** The composite key that the visitor's browser has before an institution is known. */
  key: string;
  /** What counts in its place, where more browsers of the address came within a minute than are told apart. */
  crowd: string;
  address: string;
  /** The address is a venue's: it is never blocked, its keys are. */
  is_venue: boolean;
}

export type Admission =
  /** @property is_crowd it counts as one with the other browsers of its address */
  | { admitted: true; is_crowd: boolean }
  /** `block`: the address, or at a venue the key, was blocked before. `full`: no further key can be counted. */
  | { admitted: false; by: 'block' | 'burst' | 'rate' | 'full'; is_crowd: boolean; retry_after_ms: number };

/** A try to post. `posted_at` is what the next one counts from; `before` what it counted from until now. */
export type Turn = { waits_ms: 0; posted_at: number; before: number | null } | { waits_ms: number };

export interface GuardStore {
  /** An anonymous POST of a route: blocked before, counted, and blocked by what it was one too many of. */
  admit(visitor: Visitor, route: string): Promise<Admission>;
  /** A POST of a signed-in person. @returns how long to wait; 0: counted, and admitted */
  pace(key: string): Promise<number>;
  /** Does this browser count as one with the others of its address? Counts nothing. */
  isCrowd(visitor: Visitor): Promise<boolean>;
  /** Has any of these keys a shadowban? Counts nothing. */
  isShadowed(keys: readonly string[]): Promise<boolean>;
  /** How long until the author of the key may post, with so long a cooldown. Begins nothing. */
  waitOf(key: string, cooldown_ms: number): Promise<number>;
  /** The same, and the next cooldown begins where there is none to wait for. */
  post(key: string, cooldown_ms: number): Promise<Turn>;
  /** What was begun is taken back, unless another post has begun since. */
  giveBack(key: string, turn: Turn): Promise<void>;
  /** @returns how many texts of the key were refused within the window, this one included; not all of them, beyond what the rule asks for */
  countRefusedText(key: string): Promise<number>;
  /** One more automatic ban of the institution: is there room for its command in this minute? */
  mayCommand(institution: string): Promise<boolean>;
  /** The key's distinct reporters, as far as they are told of. @returns how many there are */
  keepReporter(key: string, reporter: string): Promise<number>;
  /** Bans as they stand in Postgres. Those whose end has come are lifted. */
  mirror(bans: readonly MirroredBan[]): Promise<void>;
  /** Are all bans to be mirrored anew, and by this process? Once after it was wiped, and once an hour. */
  claimMirror(): Promise<boolean>;
  close(): void;
}

/** An open ban, or one that was lifted (0). */
export interface MirroredBan {
  subject: 'key' | 'address';
  value: string;
  /** In milliseconds from now; null until it is lifted. */
  left_ms: number | null;
}

/** Every key has a time to live: the mirror is written again long before a ban that waits to be lifted has lived so long. */
export const MIRRORED_FOR_MS = 7 * 24 * 3_600_000;
/** Until all bans are mirrored anew. */
export const MIRROR_AGAIN_MS = 3_600_000;
/** Longer than any cooldown: what the next one counts from. */
export const POSTED_FOR_MS = 24 * 3_600_000;
/** Of one key: no rule asks for more. */
export const MOST_REPORTERS = 100;
