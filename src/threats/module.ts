/** Threats: what looks like an attack on an institution's sign-ins, found from counts, told to admins, and never acted upon by itself. */
import { defineModule } from '../core/definitions/module.ts';
import { readThreats } from './readThreats.ts';

export const threats = defineModule({ name: 'threats', queries: [readThreats] });
