/** Integrity: the record checked against itself, and what was found wrong with it. */
import { defineModule } from '../core/definitions/module.ts';
import { readFindings } from './readFindings.ts';
import { readVerdict } from './readVerdict.ts';

export const integrity = defineModule({ name: 'integrity', queries: [readVerdict, readFindings] });
