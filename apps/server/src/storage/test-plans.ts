import type { Database, Tx } from './database.ts';

/** How the engine would run each statement of `work`, as JSON texts; none of them is run, and none has rows. */
export async function plansOf(database: Database, work: (tx: Tx) => Promise<unknown>): Promise<string[]> {
  const plans: string[] = [];
  await database.write(async (tx) => {
    const explain = tx.engine === 'sqlite' ? 'explain query plan' : 'explain';
    await work({
      engine: tx.engine,
      lock: (...subjects) => tx.lock(...subjects),
      async run(statement) {
        plans.push(JSON.stringify(await tx.run({ ...statement, sql: `${explain} ${statement.sql}` })));
        return [];
      },
    });
  });
  return plans;
}
