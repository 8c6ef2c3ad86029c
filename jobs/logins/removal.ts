/** A login session is removed with its places, its neighbourhoods and what is known of its end, in one statement. */

/** @param ids a query for those of a portion */
export const removalOf = (ids: string): string => `
  with gone as materialized (
    ${ids.trim()}
  ), places as (
    delete from login_places where login_id in (select id from gone)
  ), locations as (
    delete from login_locations where login_id in (select id from gone)
  ), ends as (
    delete from login_ends where login_id in (select id from gone)
  )
  delete from logins where id in (select id from gone)`;
