/** The rules of the guard: each of its numbers, once. docs/gallery.md shows them as a table. */
import type { ShownTo } from '../core/definitions/author.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const RULES = {
  /** So many different routes by POST within the window are no person's doing. */
  burst: { routes: 5, window_ms: 500, shadowban_ms: DAY_MS },
  /** More POSTs of one key within the window. */
  rate: { posts: 20, window_ms: 2 * SECOND_MS },
  /** Anonymous POSTs of an address, after burst or rate. */
  block_ms: 30 * MINUTE_MS,
  /** More keys of one address within the window count as one. */
  keys: { of_address: 32, window_ms: MINUTE_MS },
  /** Refused texts of one author. */
  text: { refused: 3, window_ms: DAY_MS, shadowban_ms: DAY_MS },
  honeypot: { shadowban_ms: DAY_MS },
  reports: { window_ms: 7 * DAY_MS, hide_at: 3, remove_at: 5, shadowban_ms: 7 * DAY_MS },
  /** Automatic ban commands of an institution; above that, addresses alone are blocked, and no command says so. */
  commands: { most: 60, window_ms: MINUTE_MS },
  /** What the process counts by itself while Redis is away; then the gallery takes no posts. */
  alone_ms: 60 * SECOND_MS,
  /** The payloads of a ban are erased so long after its end. */
  erased_after_ms: 30 * DAY_MS,
} as const;

export type Rules = typeof RULES;

export const BAN_RULES = ['burst', 'rate', 'cooldown', 'text', 'honeypot', 'reports'] as const;
export type RuleName = (typeof BAN_RULES)[number];

/** By the distinct reporters of an author within seven days: the seconds between two posts, and to whom they are shown. */
const LEVELS: readonly { reporters: number; cooldown_seconds: number; shown_to: ShownTo }[] = [
  { reporters: 6, cooldown_seconds: 7_200, shown_to: 'author' },
  { reporters: 3, cooldown_seconds: 900, shown_to: 'moderators' },
  { reporters: 2, cooldown_seconds: 300, shown_to: 'everybody' },
  { reporters: 0, cooldown_seconds: 60, shown_to: 'everybody' },
];

/** The highest level that this many reporters reach. */
export function levelOf(reporters: number): { cooldown_seconds: number; shown_to: ShownTo } {
  return LEVELS.find((level) => reporters >= level.reporters)!;
}
