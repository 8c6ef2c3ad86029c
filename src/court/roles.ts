/** Who may send the commands of the court, in the groups that they come in. What the roster says of them is for `decide`. */
import type { Role } from '../core/definitions/actor.ts';

export const OFFICIALS: readonly Role[] = ['admin', 'super_admin', 'judge'];
export const BENCH_AND_BAILIFF: readonly Role[] = ['admin', 'super_admin', 'judge', 'moderator'];
export const BENCH_AND_COUNSEL: readonly Role[] = ['admin', 'super_admin', 'judge', 'participant'];
