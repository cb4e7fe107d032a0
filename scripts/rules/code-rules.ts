import ts from 'typescript';
import { type Finding, isTestCode, type Rule } from './rule.ts';

/** A rule that looks at every node of the syntax trees; `find` says what is wrong with a node, if anything. */
function nodeRule(
  name: string,
  reason: string,
  applies: (path: string) => boolean,
  find: (node: ts.Node) => string | undefined,
): Rule {
  return {
    name,
    reason,
    check(files) {
      const findings: Finding[] = [];
      for (const { path, source } of files) {
        if (!source || !applies(path)) continue;
        const visit = (node: ts.Node): void => {
          const message = find(node);
          if (message !== undefined) {
            const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
            findings.push({ path, line: line + 1, message });
          }
          ts.forEachChild(node, visit);
        };
        visit(source);
      }
      return findings;
    },
  };
}

/** `object.member`, `object['member']`, and taking `member` out of `object` by destructuring. */
function reaches(node: ts.Node, object: string, members: readonly string[]): string | undefined {
  if (ts.isPropertyAccessExpression(node) && isNamed(node.expression, object)) {
    return members.find((member) => node.name.text === member);
  }
  if (ts.isElementAccessExpression(node) && isNamed(node.expression, object)) {
    const key = node.argumentExpression;
    return members.find((member) => ts.isStringLiteralLike(key) && key.text === member);
  }
  if (!ts.isVariableDeclaration(node) || !ts.isObjectBindingPattern(node.name)) return undefined;
  if (!node.initializer || !isNamed(node.initializer, object)) return undefined;
  const taken = node.name.elements.map((element) => (element.propertyName ?? element.name).getText());
  return members.find((member) => taken.includes(member));
}

/** `name`, or `globalThis.name`. */
const isNamed = (node: ts.Expression, name: string): boolean =>
  ts.isIdentifier(node)
    ? node.text === name
    : ts.isPropertyAccessExpression(node) &&
      isNamed(node.expression, 'globalThis') &&
      node.name.text === name;

/** `import { member } from 'module'`. */
function imports(node: ts.Node, modules: readonly string[], members: readonly string[]): string | undefined {
  if (!ts.isImportSpecifier(node)) return undefined;
  const from = node.parent.parent.parent.moduleSpecifier;
  if (!ts.isStringLiteral(from) || !modules.includes(from.text)) return undefined;
  return members.find((member) => (node.propertyName ?? node.name).text === member);
}

const environment = nodeRule(
  'environment-in-config-only',
  'Only config.ts reads the environment: every key is then known, checked at start, and in docs/reference/config.md. ' +
    'Launchers in bin/ hand it on to the process that they start.',
  (path) => !isTestCode(path) && !/^apps\/[^/]+\/(src\/config\.ts$|bin\/)/.test(path),
  (node) =>
    reaches(node, 'process', ['env', 'loadEnvFile']) ??
    imports(node, ['node:process', 'process'], ['env', 'loadEnvFile']),
);

const TIME: readonly (readonly [string, readonly string[]])[] = [
  ['Date', ['now']],
  ['performance', ['now', 'timeOrigin']],
  ['process', ['hrtime', 'uptime']],
];

const CLOCKS = ['apps/server/src/kernel/clock.ts', 'packages/sfu/src/clock.ts'];

const time = nodeRule(
  'time-in-clock-only',
  'Only kernel/clock.ts reads the time, and clock.ts of the embedded media server, which is a process of its own: a ' +
    'test that holds the clock can then make a ban end without waiting for it.',
  (path) => !isTestCode(path) && !CLOCKS.includes(path),
  (node) => {
    if (ts.isNewExpression(node) && isNamed(node.expression, 'Date') && !node.arguments?.length)
      return 'new Date()';
    if (ts.isCallExpression(node) && isNamed(node.expression, 'Date')) return 'Date()';
    for (const [object, members] of TIME) {
      const member = reaches(node, object, members);
      if (member) return `${object}.${member}`;
    }
    const imported = imports(node, ['node:process', 'process'], ['hrtime', 'uptime']);
    return imported ?? imports(node, ['node:perf_hooks', 'perf_hooks'], ['performance']);
  },
);

const inheritance = nodeRule(
  'only-errors-inherit',
  'Inheritance hides what a class does in two files; errors inherit because `instanceof` is how they are told apart.',
  () => true,
  (node) => {
    if (!ts.isHeritageClause(node) || node.token !== ts.SyntaxKind.ExtendsKeyword) return undefined;
    if (ts.isInterfaceDeclaration(node.parent)) return undefined;
    const parent = node.types[0]?.expression.getText() ?? '';
    return parent.endsWith('Error') ? undefined : `extends ${parent}`;
  },
);

const escapes = nodeRule(
  'no-type-escapes',
  'A cast through `unknown` or `any` claims what nothing has checked; parse the value instead.',
  () => true,
  (node) => {
    if (!ts.isAsExpression(node)) return undefined;
    if (node.type.kind === ts.SyntaxKind.AnyKeyword) return 'cast to any';
    const inner = ts.isParenthesizedExpression(node.expression)
      ? node.expression.expression
      : node.expression;
    const isDouble = ts.isAsExpression(inner) && inner.type.kind === ts.SyntaxKind.UnknownKeyword;
    return isDouble ? 'cast through unknown' : undefined;
  },
);

const TEST_WORDS = ['test', 'it', 'describe', 'suite', 'bench'];

const sleepingTests = nodeRule(
  'every-test-runs',
  'A test that is skipped, focused or expected to fail tells nobody anything; delete it or mend the code.',
  (path) => /\.(test|suite)\.ts$/.test(path),
  (node) => {
    for (const word of TEST_WORDS) {
      const modifier = reaches(node, word, ['skip', 'only', 'todo', 'fails']);
      if (modifier) return `${word}.${modifier}`;
    }
    return undefined;
  },
);

/** Rules about code, on syntax trees. */
export const CODE_RULES: readonly Rule[] = [environment, time, inheritance, escapes, sleepingTests];
