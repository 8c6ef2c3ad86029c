/** What the document of the API says of it as a whole, in Markdown. */

export const HOW_TO_GET_A_TOKEN =
  'On the server, in its folder: `npx --no-install plearoll token --role admin --institution <uuid>` prints one, for 12 hours. Whoever holds the secret, or the private key, of the installation signs others: claims `sub` (a uuid), `role`, `institution_id`, `exp`.';

export const ABOUT = [
  'Runs live moot-court sessions and keeps a verifiable record. What is sent live over sockets stands in [/api/asyncapi.json](/api/asyncapi.json), the payloads of events in [/api/events.json](/api/events.json), the codes of refusals at [/problem](/problem).',
  'Every POST is a command: it is applied, or refused and nothing is changed. Sent again under the same `Idempotency-Key` it is applied once.',
  'What clients may rely on: routes, codes and the meaning of fields and of recorded types of events stay. Answers, payloads and messages may gain fields, and lists of types and codes members: pass over what you do not know. What is taken away or changed stands in the changelog under *Changed*, and makes a new minor version before 1.0, a new major version from then on.',
].join('\n\n');
