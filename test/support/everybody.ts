/** One of every kind of person there is, with sessions that some of them are on the roster of. */
import { randomUUID } from 'node:crypto';
import { assignmentBody, type Cast, cast, must, type Person, person, post } from './client.ts';
import type { Stack } from './stack.ts';

/** In the order in which the tables of who may do and see what speak of them. */
export const NAMES = [
  ...['superAdmin', 'admin', 'adminElsewhere', 'presiding', 'guestJudge', 'outsideJudge', 'judgeElsewhere'],
  ...['bailiff', 'petitioner', 'guest', 'student', 'studentElsewhere', 'nobody'],
];

export interface World {
  people: Cast;
  /** By name; `nobody` has no token. The guests are of another institution, but on the roster. */
  everybody: { [name: string]: Person | null };
  /** Where to send the next request: at another API each time, where there are several. */
  url(): string;
  schedule(visibility: string): Promise<string>;
  /** A new session on which these verbs were done by an admin. */
  open(visibility: string, ...verbs: string[]): Promise<{ session_id: string; assignment_id: string }>;
  rosterRole(who: Person | null): string;
}

export function openWorld(stack: Stack): World {
  const { institution_id, ...members } = cast();
  const people: Cast = { institution_id, ...members };
  const elsewhere = randomUUID();
  const of = (role: string) => person(role, { institution_id: elsewhere });
  const [guest, guestJudge] = [of('participant'), of('judge')];
  const everybody = {
    ...members,
    ...{ superAdmin: person('super_admin'), adminElsewhere: of('admin'), judgeElsewhere: of('judge') },
    ...{ guest, guestJudge, studentElsewhere: of('participant'), nobody: null },
  };
  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const seat = ({ id, name }: Person) => ({ user_id: id, name });

  async function schedule(visibility: string): Promise<string> {
    const body = assignmentBody(people, { visibility, gallery: 'always', gallery_moderation: 'after' });
    body.respondent.push(seat(guest));
    body.panel.push(seat(guestJudge));
    return (await must(post(url(), '/api/assignment/create', people.admin, body))).result.id;
  }

  async function open(visibility: string, ...verbs: string[]) {
    const assignment_id = await schedule(visibility);
    const { result } = await must(post(url(), '/api/session/create', people.admin, { assignment_id }));
    for (const verb of verbs) await must(post(url(), `/api/session/${result.id}/${verb}`, people.admin));
    return { session_id: result.id as string, assignment_id };
  }

  /** What the roster calls them, or what they would like to be. */
  function rosterRole(who: Person | null): string {
    if (who === people.presiding || who === guestJudge) return 'judge';
    if (who === people.bailiff) return 'moderator';
    return who === guest ? 'respondent' : 'petitioner';
  }

  return { people, everybody, url, schedule, open, rosterRole };
}
