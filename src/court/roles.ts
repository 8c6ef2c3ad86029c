/** The roles that send the commands of the court, in groups. What the roster says of a person is for `decide`. */
import type { Role } from '../core/definitions/actor.ts';

export const OFFICIALS: readonly Role[] = ['admin', 'super_admin', 'judge'];
export const BENCH_AND_BAILIFF: readonly Role[] = ['admin', 'super_admin', 'judge', 'moderator'];
export const BENCH_AND_COUNSEL: readonly Role[] = ['admin', 'super_admin', 'judge', 'participant'];
