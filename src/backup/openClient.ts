/** A connection as the owner of the tables, who may read and write all of them, and set so that text is exact. */
import pg from 'pg';
import { types } from '../infra/database.ts';

// Without row_security rows that a policy hides would be left out in silence; with it off that is a fault.
const EXACT = `
  set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
  set extra_float_digits = 3; set client_encoding = 'UTF8'; set row_security = off; set statement_timeout = 0;
  set lock_timeout = 0; set idle_in_transaction_session_timeout = 0`;

export async function openClient(url: string, application_name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name, types, keepAlive: true });
  // A lost connection is told by the statement under way.
  client.on('error', () => {});
  await client.connect();
  await client.query(EXACT);
  return client;
}
