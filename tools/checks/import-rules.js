/**
 * The import rule: arrows between folders point one way (README, "Structure").
 *
 * reference imports nothing but itself; fastpath/program, the format of compiled graphs, nothing but itself;
 * fastpath/compile imports the format and the reference without its interpreter; fastpath/container these and the
 * compiler; fastpath/module, which writes WebAssembly, the same
 * and where containers are decoded; fastpath/runtime the format alone;
 * images, the decoding of image files, nothing but itself and the decoders;
 * golden and conformance import all of these, and conformance golden; tools imports them all, and lends golden and
 * conformance its formats and files; worker imports fastpath/runtime, the Program format, images and the
 * preprocessing. Where there is no file system (images, fastpath, worker/src, worker/page), no module of Node is imported.
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
    '/(golden|conformance|tools|worker|runtime|module)/',
    '/reference/(interpreter|run-operator|quantization)',
  ),
  restrict(
    ['fastpath/module/**/*.ts'],
    'fastpath/module imports the compiler, containers and where they are decoded, the Program format, what the reference says of graphs, and zod',
    '^(?![.]|zod/mini$)',
    '/(golden|conformance|tools|worker)/',
    '/runtime/(?!container[.]ts$)',
    '/reference/(interpreter|run-operator|quantization)',
  ),
  restrict(
    ['fastpath/container/**/*.ts'],
    'fastpath/container imports the compiler, the Program format and what the reference says of graphs',
    '^[^.]',
    '/(golden|conformance|tools|worker|runtime)/',
    '/reference/(interpreter|run-operator|quantization)',
  ),
  restrict(
    ['fastpath/program/**/*.ts'],
    'fastpath/program imports nothing but itself, and zod to read descriptions',
    '^(?![.]|zod/mini$)',
    '/(reference|golden|conformance|tools|worker|compile|container|module|runtime)/',
  ),
  restrict(
    ['fastpath/runtime/**/*.ts'],
    'fastpath/runtime imports the Program format alone: no file system, no other folder',
    '^node:',
    '/(reference|golden|conformance|tools|worker|compile|container|module)/',
  ),
  restrict(
    ['images/**/*.ts'],
    'images/ imports nothing of ours, and no module of Node: it decodes wherever WebAssembly runs',
    '^node:',
    '/(reference|fastpath|golden|conformance|tools|worker)/',
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
    ['worker/src/**/*.ts', 'worker/page/**/*.ts'],
    'the Worker and its page ship no compiler, no interpreter and no tools, and know no file system',
    '^node:',
    '/(golden|conformance|tools|compile|container|module)/',
    '/reference/(?!preprocess/)',
  ),
];
