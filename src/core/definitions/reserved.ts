/**
 * Names that are kept free for us, in this version and newer ones: an event or a stream of such a name that this version
 * does not know was recorded by a newer one, and no custom event may bear it.
 */

/** What a module reserves. */
export interface ReservedNames {
  /** Words that types of events begin with. */
  event_prefixes: readonly string[];
  stream_kinds: readonly string[];
}

/** What is reserved altogether. */
export interface Reserved {
  event_types: RegExp;
  stream_kinds: ReadonlySet<string>;
}

/** The machine's own: erasures of payloads. */
const OWN_PREFIX = 'PAYLOAD';

export function reservedBy(modules: readonly ReservedNames[]): Reserved {
  const prefixes = [OWN_PREFIX, ...modules.flatMap((module) => module.event_prefixes)];
  return {
    event_types: new RegExp(`^(${prefixes.join('|')})_`),
    stream_kinds: new Set(modules.flatMap((module) => module.stream_kinds)),
  };
}
