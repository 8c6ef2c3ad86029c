/** What the door adds to the input of what is said: the name of a person with a token, as the token has it. */
export function nameOf(input: object): string | null {
  return (input as { author_name?: string }).author_name ?? null;
}
