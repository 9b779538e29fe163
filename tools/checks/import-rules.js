/**
 * The import rule: arrows between folders point one way (README, "Structure").
 *
 * reference imports nothing but itself; fastpath/program, the format of compiled graphs, nothing but itself;
 * fastpath/compile imports the format and the reference without its interpreter; fastpath/runtime the format alone;
 * golden and conformance import all of these, and conformance golden; tools imports them all, and lends golden and
 * conformance its formats and files; worker imports fastpath/runtime and the preprocessing.
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
    'fastpath/compile imports the Program format and what the reference says of graphs',
    '^[^.]',
    '/(golden|conformance|tools|worker|runtime)/',
    '/reference/(interpreter|run-operator|quantization)',
  ),
  restrict(
    ['fastpath/program/**/*.ts'],
    'fastpath/program imports nothing but itself, and zod to read descriptions',
    '^(?![.]|zod/mini$)',
    '/(reference|golden|conformance|tools|worker|compile|runtime)/',
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
  restrict(
    ['conformance/**/*.ts'],
    'conformance/ imports reference, fastpath, golden and tools',
    '/worker/',
  ),
  restrict(
    ['tools/**/*.ts'],
    'tools/ imports reference, fastpath, golden and conformance',
    '/worker/',
  ),
  restrict(
    ['worker/**/*.ts'],
    'worker/ ships no compiler, no interpreter and no tools',
    '/(golden|conformance|tools|compile)/',
    '/reference/(?!preprocess/)',
  ),
];
