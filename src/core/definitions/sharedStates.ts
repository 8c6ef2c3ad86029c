/** Small states that processes change together, each by a pure decision, and that may be lost at any time. */

export interface SharedStates {
  /**
   * Changes a state in one step that nothing comes between. The decision is made again where another process was first.
   * @param decide given undefined where there is no state, and the time that all processes share, in milliseconds
   */
  change<State, Answer>(
    key: string,
    ttl_ms: number,
    decide: (state: State | undefined, now: number) => { state: State; answer: Answer },
  ): Promise<Answer>;
  read<State>(keys: readonly string[]): Promise<{ now: number; states: (State | undefined)[] }>;
  close(): void;
}
