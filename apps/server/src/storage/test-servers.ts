import { randomBytes } from 'node:crypto';
import pg from 'pg';

/* Test support that needs no test runner: databases on a PostgreSQL server. */

/** Makes a database named after this process and answers its URL. */
export async function createDatabase(serverUrl: string, template = 'template0'): Promise<string> {
  const name = `callgate_test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, (client) => client.query(`create database ${name} template ${template}`));
  return urlOf(serverUrl, name);
}

/** Drops it, whoever is connected. */
export const dropDatabase = (client: pg.Client, name: string): Promise<unknown> =>
  client.query(`drop database if exists ${name} with (force)`);

/** The database's name in a URL. */
export const nameIn = (url: string): string => new URL(url).pathname.slice(1);

/** The URL of another database on the same server. */
export const urlOf = (serverUrl: string, name: string): string => {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
};

/** A connection for the time of `work`. */
export async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
