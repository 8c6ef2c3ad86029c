-- A login for each process, which may play the roles of that process and is nothing without one of them; one that
-- migrates, backs up and restores, and owns the database; none of them a superuser. An administrator runs it once:
--
--   psql -v ON_ERROR_STOP=1 -v migrator=... -v api=... -v worker=... -v relay=... -v scheduler=... -v signer=... -d plearoll -f deploy/logins.sql
--
-- with a password for each. For another DB_ROLE_PREFIX replace plearoll_ throughout.

create role plearoll_api nologin;
create role plearoll_door nologin;
create role plearoll_worker nologin;
create role plearoll_relay nologin;
create role plearoll_verifier nologin;
create role plearoll_queue nologin;
create role plearoll_feeds nologin;

create role plearoll_login_migrator login inherit password :'migrator';
create role plearoll_login_api login noinherit password :'api';
create role plearoll_login_worker login noinherit password :'worker';
create role plearoll_login_relay login noinherit password :'relay';
create role plearoll_login_scheduler login noinherit password :'scheduler';
create role plearoll_login_signer login noinherit password :'signer';

grant plearoll_api, plearoll_door, plearoll_worker, plearoll_relay, plearoll_verifier, plearoll_queue, plearoll_feeds
  to plearoll_login_migrator;
grant plearoll_api, plearoll_door, plearoll_verifier to plearoll_login_api;
grant plearoll_worker, plearoll_verifier, plearoll_feeds to plearoll_login_worker;
grant plearoll_relay to plearoll_login_relay;
grant plearoll_worker to plearoll_login_scheduler;
grant plearoll_worker to plearoll_login_signer;

alter database :"DBNAME" owner to plearoll_login_migrator;
revoke connect, temporary on database :"DBNAME" from public;
grant connect on database :"DBNAME"
  to plearoll_login_api, plearoll_login_worker, plearoll_login_relay, plearoll_login_scheduler,
     plearoll_login_signer;
