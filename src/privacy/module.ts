/** What is known of a person beside the court's record: told to that person, and forgotten when they say so. */
import { defineModule } from '../core/definitions/module.ts';
import { eraseOwn } from './eraseOwn.ts';

export const privacy = defineModule({ name: 'privacy', commands: [eraseOwn] });
