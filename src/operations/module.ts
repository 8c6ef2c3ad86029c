/** Operations: what runs by itself, and how the house fares. */
import { defineModule } from '../core/definitions/module.ts';
import { readHealthReport } from './readHealthReport.ts';
import { readSchedules } from './readSchedules.ts';

export const operations = defineModule({ name: 'operations', queries: [readSchedules, readHealthReport] });
