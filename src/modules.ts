/** The modules there are: routes, checks, dispatch, documents and metrics are loops over what they list. */

import { audit } from './audit/module.ts';
import { behaviour } from './behaviour/module.ts';
import { contact } from './contact/module.ts';
import { catalogOf } from './core/definitions/command.ts';
import { privateNamesOf } from './core/definitions/privateText.ts';
import { joinProblems, PROBLEMS, type Problems } from './core/definitions/problem.ts';
import { reservedBy } from './core/definitions/reserved.ts';
import { court } from './court/module.ts';
import { feeds } from './feeds/module.ts';
import { gallery } from './gallery/module.ts';
import { guard } from './guard/module.ts';
import { institutions } from './institutions/module.ts';
import { logins } from './logins/module.ts';
import { notices } from './notices/module.ts';
import { policies } from './policies/module.ts';
import { privacy } from './privacy/module.ts';
import { threats } from './threats/module.ts';
import { tokens } from './tokens/module.ts';

export const modules = [
  court,
  tokens,
  institutions,
  guard,
  gallery,
  contact,
  feeds,
  audit,
  behaviour,
  notices,
  logins,
  policies,
  privacy,
  threats,
];

export const commands = modules.flatMap((module) => module.commands);
export const systemCommands = modules.flatMap((module) => module.systemCommands);

/** The closed list of codes: what is not here does not exist. */
export const problems: Problems = joinProblems(PROBLEMS, ...modules.map((module) => module.problems));

const reserved = reservedBy(modules.map((module) => module.reserved));

/** Every command, indexed by name, with the events and kinds of streams they use. */
export const catalog = catalogOf(
  [...commands, ...systemCommands],
  reserved,
  modules.flatMap(({ kinds }) => kinds),
);

/** Names of fields that logs and the dashboard omit: those that schemas mark as private, and as answers show them. */
export const privateNames: readonly string[] = [
  ...modules.flatMap((module) => module.private_names),
  ...privateNamesOf([
    ...[...catalog.commands.values()].map(({ body }) => body),
    ...[...catalog.events.values()].map(({ payload }) => payload),
  ]),
];
