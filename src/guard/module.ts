/** The guard: what it refuses, and the bans that it and admins record. */
import { defineModule } from '../core/definitions/module.ts';
import { guardProblems } from './guardProblems.ts';

export const guard = defineModule({ name: 'guard', problems: guardProblems });
