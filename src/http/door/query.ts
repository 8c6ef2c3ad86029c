/** The query string as a route's schema has it. */
import type { Request } from 'express';
import type { z } from 'zod';
import { addFaultsOf } from './body.ts';
import { demandValid, listFaults } from './inputErrors.ts';
import { wordsFor } from './words.ts';

/** @throws {Problem} 422 that lists what is wrong */
export function demandQuery<Query extends z.ZodObject>(schema: Query, req: Request): z.output<Query> {
  const query = schema.safeParse({ ...req.query }, { error: wordsFor });
  if (!query.success) {
    const faults = listFaults();
    addFaultsOf(faults, query.error.issues, schema);
    demandValid(faults);
  }
  return query.data!;
}
