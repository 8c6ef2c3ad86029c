/** How modules define commands: the door demands the scope of what a command names, and `locks` is given it. */
import { commandsIn } from '../core/definitions/defineCommand.ts';
import type { Scope } from './scope.ts';

export const { defineCommand, defineUploadCommand, defineGuardedCommand, defineOwnedCommand, defineSystemCommand } =
  commandsIn<Scope>();
