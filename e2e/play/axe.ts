import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe calls serious or critical on the page as it stands, one line for each place; empty: nothing. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated and not added as an element: the policy of the page lets no foreign script in.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as {
    violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
