/** Every question that the API answers: those of the modules, then those about the record and what runs by itself. */
import { integrity } from './integrity/module.ts';
import { modules } from './modules.ts';
import { operations } from './operations/module.ts';

export const queries = [...modules, integrity, operations].flatMap((module) => module.queries);
