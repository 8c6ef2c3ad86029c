/** What is otherwise than it should be: things that are missing, that are too many, and those that changed. */
import type { Attributes, Described } from './describeDatabase.ts';

export type Difference =
  | { what: 'missing'; thing: Described }
  | { what: 'added'; thing: Described }
  /** `thing` as it is, `was` as it should be, and in what they differ. */
  | { what: 'changed'; thing: Described; was: Attributes; attributes: string[] };

/** In the order of their keys. What belongs to a thing that is missing or not of ours is passed over. */
export function compareDescriptions(expected: readonly Described[], found: readonly Described[]): Difference[] {
  const wanted = new Map(expected.map((thing) => [thing.key, thing]));
  const there = new Set(found.map(({ key }) => key));
  const seen = new Set<string>();
  const missing = expected
    .filter(({ key, of }) => !there.has(key) && (of === null || !wanted.has(of) || there.has(of)))
    .map((thing): Difference => ({ what: 'missing', thing }));
  const others = found.flatMap((thing): Difference[] => {
    const should = seen.has(thing.key) ? undefined : wanted.get(thing.key);
    seen.add(thing.key);
    if (should) return changeOf(should, thing);
    return thing.of === null || wanted.has(thing.of) ? [{ what: 'added', thing }] : [];
  });
  return [...missing, ...others].sort((a, b) => (a.thing.key < b.thing.key ? -1 : 1));
}

function changeOf(should: Described, thing: Described): Difference[] {
  const names = new Set([...Object.keys(should.is), ...Object.keys(thing.is)]);
  const attributes = [...names].filter((name) => should.is[name] !== thing.is[name]);
  return attributes.length === 0 ? [] : [{ what: 'changed', thing, was: should.is, attributes }];
}
