/** What people are told of is handed on after its commit. What is lost, a job finds in the log. */
import type { Follower } from '../apply/follower.ts';
import { tellingOf } from './noticeOf.ts';

export const followTold: Follower = ({ exported }, { tellPeople }) => {
  if (!tellPeople) return [];
  const tellings = [...exported.values()].flat().flatMap((event) => tellingOf(event) ?? []);
  if (tellings.length > 0) tellPeople(tellings);
  return [];
};
