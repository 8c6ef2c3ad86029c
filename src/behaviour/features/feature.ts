/** A feature: one number about how somebody behaves, by a formula that stands beside it; null where too little is known. */
export type Component = 'keystroke' | 'mouse' | 'navigation';

export interface Feature {
  name: string;
  component: Component;
  unit: 'ms' | 'px' | 'px/s' | 'px/s²' | 'degrees' | 'of 1,000' | 'a minute' | 'keys';
  /** In words, as docs/assurance.md shows it. */
  formula: string;
  /** What it is made of, and of how many of them at least: below that it is null. */
  inputs: string;
  least: number;
}

/** A feature with the values that it is made of. @template Input what is derived of the behaviour once for all of its component */
export interface Measured<Input> extends Feature {
  /** In order, where its formula needs it. */
  values(input: Input): Float64Array;
  /** Of at least `least` values. */
  of(values: Float64Array, input: Input): number;
}

/** An integer for each feature, or null where there are too few values. */
export function measure<Input>(features: readonly Measured<Input>[], input: Input): (number | null)[] {
  return features.map(({ values, least, of }) => {
    const found = values(input);
    return found.length < least ? null : Math.round(of(found, input));
  });
}
