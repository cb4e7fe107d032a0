/**
 * `npm run deps`: checks who imports whom by the rules of `.dependency-cruiser.mjs`, in this repository or in the
 * folder given as the only argument. Ends with 1 and names every violation, its rule and the rule's reason.
 */
import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ICruiseOptions, ICruiseResult, IForbiddenRuleType, IResolveOptions } from 'dependency-cruiser';

// dependency-cruiser reads TypeScript through the compiler's JavaScript API, which TypeScript 7 does not have, and
// looks for the package `typescript`: it gets the one of this workspace.
const withApi = pathToFileURL(createRequire(import.meta.url).resolve('typescript')).href;
const withApiManifest = pathToFileURL(createRequire(import.meta.url).resolve('typescript/package.json')).href;
registerHooks({
  resolve(specifier, context, next) {
    if (context.parentURL?.includes('/node_modules/dependency-cruiser/')) {
      if (specifier === 'typescript') return { url: withApi, format: 'commonjs', shortCircuit: true };
      if (specifier === 'typescript/package.json') {
        return { url: withApiManifest, format: 'json', shortCircuit: true };
      }
    }
    return next(specifier, context);
  },
});

const CONFIGURATION = pathToFileURL(join(import.meta.dirname, '../.dependency-cruiser.mjs')).href;
/** Everything of ours that holds sources. */
const FOLDERS = ['packages', 'apps', 'bench', 'e2e', 'scripts'];

interface Configuration {
  forbidden: IForbiddenRuleType[];
  options: Omit<ICruiseOptions, 'ruleSet'> & { enhancedResolveOptions: Partial<IResolveOptions> };
}

async function check(root: string): Promise<number> {
  process.chdir(root);
  const { cruise } = await import('dependency-cruiser');
  const { forbidden, options } = (await import(CONFIGURATION)).default as Configuration;
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const { output } = await cruise(
    folders,
    { ...options, ruleSet: { forbidden }, validate: true },
    options.enhancedResolveOptions,
  );
  const { summary } = output as ICruiseResult;
  const reasons = new Map(forbidden.map((rule) => [rule.name, rule.comment]));
  for (const violation of summary.violations) {
    const circle = violation.cycle?.map((step) => step.name).join(' -> ');
    console.error(`${violation.rule.name}: ${violation.from} -> ${circle ?? violation.to}`);
  }
  for (const name of new Set(summary.violations.map((violation) => violation.rule.name))) {
    console.error(`\n${name}: ${reasons.get(name)}`);
  }
  const { totalCruised, totalDependenciesCruised = 0 } = summary;
  console.log(
    `${totalCruised} files, ${totalDependenciesCruised} imports, ${summary.violations.length} violations of dependency rules`,
  );
  return summary.violations.length === 0 && totalDependenciesCruised > 0 ? 0 : 1;
}

process.exitCode = await check(resolve(process.argv[2] ?? join(import.meta.dirname, '..')));
