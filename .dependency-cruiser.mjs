/**
 * Who may import whom. Every rule says why; `npm run deps` checks them, type-only imports included.
 * Dependencies point down: contract <- everything; kernel <- storage <- features <- gateway, http, ws <- app <- main.
 */

/** The features from left to right: each imports only what stands before it. */
export const FEATURES = [
  'audit',
  'events',
  'timers',
  'policy',
  'media',
  'enforcement',
  'tasks',
  'app-settings',
  'roles',
  'users',
  'call-types',
  'calls',
  'members',
  'play-links',
  'call-blocks',
  'kicks',
  'mutes',
  'ip-bans',
  'bans',
  'permission-requests',
  'call-grants',
  'user-blocks',
  'ringing',
  'watching',
  'webhooks',
];

const SERVER = '^apps/server/src';
/** Tests and what supports them may look anywhere below them and at npm's development packages. */
const TEST_CODE = '(\\.(test|suite)\\.ts$)|(/test-[^/]+\\.ts$)|(/test/)|(\\.fake\\.ts$)';
const PRODUCTION = '^(apps|packages)/';

/** A rule for production code: tests are not bound. */
const rule = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { ...from, pathNot: [TEST_CODE, ...(from.pathNot ?? [])] },
  to,
});

const featureOrder = FEATURES.map((feature, place) =>
  rule(
    `feature-order-${feature}`,
    `Inside features each folder imports only what stands to its left, so that there are no circles and a reader ` +
      `of "${feature}" knows what it can depend on: ${FEATURES.slice(0, place).join(', ') || 'no other feature'}. ` +
      `What must look the other way declares a small interface, and app.ts hands the implementation in.`,
    { path: `${SERVER}/features/${feature}/` },
    {
      path: `${SERVER}/features/`,
      pathNot: `${SERVER}/features/(${FEATURES.slice(0, place + 1).join('|')})/`,
    },
  ),
);

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment:
        'Two files that need each other are one thing, or hide a third: neither can be read, tested or moved alone. ' +
        'Types count, because a circle of types is the same circle for the reader.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolves',
      comment: 'An import that leads nowhere fails at run time only.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    rule(
      'contract-stands-alone',
      'The contract is the shared words of server, SDKs and console: it imports nothing of ours, so that each of ' +
        'them can take it without the others.',
      { path: '^packages/contract/' },
      { path: '^(apps|packages|scripts|bench|e2e)/', pathNot: '^packages/contract/' },
    ),
    rule(
      'kernel-imports-contract-only',
      'The kernel (clock, ids, errors, logger, lifetime) is below everything of the server.',
      { path: `${SERVER}/kernel/` },
      { path: SERVER, pathNot: `${SERVER}/kernel/` },
    ),
    rule(
      'storage-stands-on-kernel',
      'Storage runs statements and keeps promises about the disk; it knows no feature, or one could not be changed ' +
        'without the other.',
      { path: `${SERVER}/storage/` },
      { path: SERVER, pathNot: `${SERVER}/(kernel|storage)/` },
    ),
    rule(
      'features-know-no-transport',
      'A feature is called by HTTP, sockets, tasks and tests alike: it imports kernel, storage and features alone, ' +
        'never routes, sockets, configuration or the composition.',
      { path: `${SERVER}/features/` },
      { path: SERVER, pathNot: `${SERVER}/(kernel|storage|features)/` },
    ),
    rule(
      'features-have-a-place',
      'A new feature folder takes its place in the order of .dependency-cruiser.mjs before anything imports it.',
      {},
      { path: `${SERVER}/features/[^/]+/`, pathNot: `${SERVER}/features/(${FEATURES.join('|')})/` },
    ),
    ...featureOrder,
    ...['gateway', 'http', 'ws'].map((edge) =>
      rule(
        `${edge}-stands-on-features`,
        'The three edges (gateway, http, ws) translate for features and do not know each other: each can be served ' +
          'by a process of its own. Of what stands beside app.ts they see its types (services.ts) and the settings.',
        { path: `${SERVER}/${edge}/` },
        { path: SERVER, pathNot: `${SERVER}/((kernel|storage|features|${edge})/|(services|config)\\.ts$)` },
      ),
    ),
    rule(
      'app-is-composed-by-main',
      'app.ts puts the server together; only what starts a server (main, the command line) imports it.',
      { path: PRODUCTION, pathNot: [`${SERVER}/main\\.ts$`, '^apps/cli/'] },
      { path: `${SERVER}/app\\.ts$` },
    ),
    rule(
      'nothing-imports-main',
      'main.ts starts a process when it is loaded; start.mjs is what does that.',
      { pathNot: [`${SERVER}/start\\.mjs$`] },
      { path: `${SERVER}/main\\.ts$` },
    ),
    rule(
      'the-call-page-is-a-client',
      'The call page uses what every client can: the public protocols, and the types of the contract. What it took from ' +
        'the server would be missing for everybody else.',
      { path: '^apps/play/' },
      { path: '^(apps|packages)/', pathNot: '^(apps/play|packages/contract)/' },
    ),
    rule(
      'the-server-builds-the-call-page-only',
      'start.mjs builds the page before the server starts; nothing of the page runs in the server.',
      { path: SERVER },
      { path: '^apps/play/', pathNot: '^apps/play/fresh\\.mjs$' },
    ),
    rule(
      'the-media-server-stands-alone',
      'The media server inside speaks an open protocol and decides nothing: what it took from the server would not be there ' +
        'where LiveKit stands in its place.',
      { path: '^packages/sfu/' },
      { path: '^(apps|packages|scripts|bench|e2e)/', pathNot: '^packages/sfu/' },
    ),
    rule(
      'the-server-talks-to-the-media-server',
      'It is a process of its own: the server starts it, and shares the words of their pipe, nothing that forwards.',
      { path: SERVER },
      { path: '^packages/sfu/', pathNot: '^packages/sfu/src/process/' },
    ),
    rule(
      'nothing-imports-the-command-line',
      'The command line stands above the server.',
      { path: PRODUCTION, pathNot: ['^apps/cli/'] },
      { path: '^apps/cli/' },
    ),
    rule(
      'only-app-names-adapters',
      'Which engine, media server or bus is behind a port is decided in one place; everybody else holds the port.',
      { path: '^apps/', pathNot: [`${SERVER}/app\\.ts$`, `${SERVER}/storage/`] },
      { path: `${SERVER}/(storage/(sqlite|postgres)|.*adapter)\\.ts$` },
    ),
    rule(
      'sql-in-stores-only',
      'SQL is written in `*.store.ts` and storage/, so that whoever changes a table finds every statement about it.',
      { path: '^apps/', pathNot: [`${SERVER}/storage/`, '\\.store\\.ts$'] },
      { path: [`${SERVER}/storage/(prepared|json-path)\\.ts$`, '(^|/)node_modules/kysely/'] },
    ),
    rule(
      'drivers-in-storage-only',
      'The engines’ drivers are seen by their adapters alone, or the second engine breaks unseen.',
      { path: PRODUCTION, pathNot: [`${SERVER}/storage/`] },
      { path: '(^|/)node_modules/(better-sqlite3|pg|@types/better-sqlite3|@types/pg)/' },
    ),
    rule(
      'http-library-in-http-only',
      'Features that know Fastify cannot be called by a task or a socket.',
      { path: `${SERVER}/(kernel|storage|features)/` },
      { path: '(^|/)node_modules/(fastify|@fastify|ws)/' },
    ),
    rule(
      'production-imports-no-test-code',
      'Test support, benches and scripts are not shipped.',
      { path: PRODUCTION },
      { path: [TEST_CODE, '^(scripts|bench|e2e)/'] },
    ),
    rule(
      'production-dependencies-are-declared',
      'What runs in production stands in the dependencies of its own package.json, not among the development ' +
        'packages and not by the luck of hoisting.',
      { path: PRODUCTION },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['(^|/)node_modules/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
