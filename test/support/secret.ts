/** What the tests sign tokens with; apart, so that what is no test of vitest's can sign too. */
export const SECRET = 'a secret that only the tests know, long enough';
