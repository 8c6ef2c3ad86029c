/** A connection as the owner of the tables, set so that text is exact. */
import type pg from 'pg';
import { types } from '../infra/postgres/database.ts';
import { openSession } from '../infra/postgres/ownSession.ts';

const EXACT = `
  set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
  set extra_float_digits = 3; set client_encoding = 'UTF8'; set row_security = on; set statement_timeout = 0;
  set lock_timeout = 0; set idle_in_transaction_session_timeout = 0`;

/** @param pipeline whether statements are sent while others are under way */
export async function openClient(url: string, application_name: string, pipeline = false): Promise<pg.Client> {
  const client = await openSession(url, application_name, { types, pipeline });
  await client.query(EXACT);
  return client;
}
