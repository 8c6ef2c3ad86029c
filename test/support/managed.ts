/** A database as a managed Postgres gives it: its owner may make roles, and is no superuser. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { DATABASE_ROLES } from '../../src/core/sql/databaseRoles.ts';

export interface ManagedLogin {
  name: string;
  /** What the login names its roles by. */
  prefix: string;
  /** A new database that the login owns. */
  database(): Promise<string>;
  /** Takes the databases, the roles and the login away again. */
  drop(): Promise<void>;
}

/** @param adminUrl of a superuser. @param attributes of the login */
export async function createLogin(adminUrl: string, attributes = 'createrole createdb'): Promise<ManagedLogin> {
  const name = `app_${randomBytes(4).toString('hex')}`;
  const names: string[] = [];
  const asAdmin = (text: string) => runAs(adminUrl, text);
  await asAdmin(`create role ${name} login ${attributes} password 'known'`);
  return {
    name,
    prefix: name,
    async database() {
      const database = `${name}_${names.length}`;
      await asAdmin(`create database ${database} owner ${name} template template0`);
      names.push(database);
      return Object.assign(new URL(adminUrl), { username: name, password: 'known', pathname: `/${database}` }).href;
    },
    async drop() {
      for (const database of names) await asAdmin(`drop database ${database} with (force)`);
      for (const role of DATABASE_ROLES) await asAdmin(`drop role if exists ${name}_${role}`);
      await asAdmin(`drop role ${name}`);
    },
  };
}

/** One or more statements on a connection of their own. */
export async function runAs(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
