/**
 * The import rule: arrows between folders point one way (README, "Structure").
 *
 * reference imports nothing but itself; fastpath/compile imports reference/graph; fastpath/runtime imports nothing of
 * the others; golden, conformance and tools import both; worker imports fastpath/runtime and the preprocessing.
 */

const restrict = (files, message, ...regexes) => ({
  files,
  ignores: ['**/*.test.ts', '**/test/**'],
  rules: {
    'no-restricted-imports': ['error', { patterns: regexes.map((regex) => ({ regex, message })) }],
  },
});

export const importRules = [
  restrict(
    ['reference/**/*.ts'],
    'reference/ imports nothing but itself: no package, no I/O, no other folder',
    '^[^.]',
    '/(fastpath|golden|conformance|tools|worker)/',
  ),
  restrict(
    ['fastpath/compile/**/*.ts'],
    'fastpath/compile imports the Program format and reference/graph',
    '/(golden|conformance|tools|worker|runtime)/',
    '/reference/(?!graph/)',
  ),
  restrict(
    ['fastpath/runtime/**/*.ts'],
    'fastpath/runtime imports the Program format alone: no file system, no other folder',
    '^node:',
    '/(reference|golden|conformance|tools|worker|compile)/',
  ),
  restrict(
    ['golden/**/*.ts'],
    'golden/ imports reference, fastpath and tools',
    '/(conformance|worker)/',
  ),
  restrict(['tools/**/*.ts'], 'tools/ imports reference, fastpath and golden', '/worker/'),
  restrict(
    ['worker/**/*.ts'],
    'worker/ ships no compiler, no interpreter and no tools',
    '/(golden|conformance|tools|compile)/',
    '/reference/(?!preprocess/)',
  ),
];
