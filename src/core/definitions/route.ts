/** What a route says about its own parameters, so that no definition has to repeat it. */

type Names<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? Name | Names<More>
    : Rest
  : never;

/** The parameters of `'GET /api/match/:match_id/scores'` are `{ match_id: string }`. */
export type RouteParams<Route extends string> = { [name in Names<Route>]: string };
