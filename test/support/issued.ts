/** People whose tokens a configured issuer has signed, as an identity provider does: with a sign-in, a name of each token and its times. */
import { randomUUID } from 'node:crypto';
import { type Cast, cast, type Person, person } from './client.ts';

export const ISSUER = 'https://idp.example';

const ROLES: { [name: string]: string } = {
  ...{
    admin: 'admin',
    bailiff: 'moderator',
    petitioner: 'participant',
    respondent: 'participant',
    student: 'participant',
  },
  ...{ presiding: 'judge', judge: 'judge', outsideJudge: 'judge' },
};

/** A token of its own of this person, of a sign-in of its own where the claims name none. */
export function issued(role: string, { id, institution_id, name }: Person, claims: object = {}): Person {
  const named = { iss: ISSUER, sid: randomUUID(), jti: randomUUID() };
  return person(role, { id, institution_id, name, claims: { ...named, ...claims } });
}

/** The claim of a sign-in that is later than whatever was asked before: it has whole seconds. */
export const signedInAfter = () => ({ auth_time: Math.floor(Date.now() / 1_000) + 2 });

export function issuedCast(): Cast {
  const { institution_id, ...members } = cast();
  const people = Object.entries(members).map(([name, who]) => [name, issued(ROLES[name]!, who)]);
  return { institution_id, ...Object.fromEntries(people) };
}
