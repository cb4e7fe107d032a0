/**
 * `npm run rules`: the rules of this repository that neither the linter, the compiler nor the dependency rules know;
 * in this repository, or in the folder given as the only argument. Ends with 1 and names every place that breaks one.
 */
import { join, resolve } from 'node:path';
import { checkTree } from './rules/check-tree.ts';

function main(root: string): number {
  const { files, broken, growing } = checkTree(root);
  for (const { rule, findings } of broken) {
    for (const { path, line, message } of findings) console.error(`${rule.name}: ${path}:${line} ${message}`);
    console.error(`  ${rule.reason}\n`);
  }
  for (const { path, message } of growing) console.log(`question: ${path} ${message}`);
  const places = broken.reduce((sum, { findings }) => sum + findings.length, 0);
  console.log(`${files} files, ${places} places that break a rule`);
  return places === 0 && files > 0 ? 0 : 1;
}

process.exitCode = main(resolve(process.argv[2] ?? join(import.meta.dirname, '..')));
