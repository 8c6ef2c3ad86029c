/** The modules there are: routes, checks, dispatch, documents and metrics are loops over what they list. */
import { catalogOf } from './core/definitions/command.ts';
import { court } from './court/module.ts';

export const modules = [court];

export const commands = modules.flatMap((module) => module.commands);
export const systemCommands = modules.flatMap((module) => module.systemCommands);

/** Every command, indexed by name, with the events and kinds of streams they use. */
export const catalog = catalogOf([...commands, ...systemCommands]);
