/** Changes of which each field may be left out. */

type Defined<T> = { [Field in keyof T]: Exclude<T[Field], undefined> };

/** A field that was left out is no field. */
export function definedOf<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
