/** The import rule refuses what it says it refuses. */

import { ESLint } from 'eslint';
import { expect, it } from 'vitest';
import { importRules } from '../tools/checks/import-rules.js';

const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: importRules });

async function refusals(filePath: string, specifier: string): Promise<number> {
  // The rule needs no types, so that a statement of plain JavaScript stands for a file.
  const [result] = await eslint.lintText(`import '${specifier}';`, { filePath });
  return result?.messages.filter((m) => m.ruleId === 'no-restricted-imports').length ?? 0;
}

it.each([
  ['reference/operators/add.ts', 'node:fs', 1],
  ['reference/operators/add.ts', 'zod', 1],
  ['reference/operators/add.ts', '../../tools/errors.ts', 1],
  ['reference/operators/add.ts', '../arithmetic/rounding.ts', 0],
  ['fastpath/compile/pack.ts', '../../reference/graph/graph.ts', 0],
  ['fastpath/compile/pack.ts', '../../reference/interpreter.ts', 1],
  ['fastpath/compile/pack.ts', '../../reference/operators/requantization.ts', 0],
  ['fastpath/compile/pack.ts', '../runtime/index.ts', 1],
  ['fastpath/program/format.ts', '../compile/index.ts', 1],
  ['fastpath/runtime/load.ts', '../../reference/graph/graph.ts', 1],
  ['fastpath/runtime/load.ts', '../program/format.ts', 0],
  ['fastpath/runtime/load.ts', 'node:fs', 1],
  ['tools/commands/classify.ts', '../../reference/index.ts', 0],
  ['tools/commands/classify.ts', '../../worker/index.ts', 1],
  ['tools/commands/golden.ts', '../../conformance/check-golden.ts', 0],
  ['conformance/check-golden.ts', '../golden/record.ts', 0],
  ['conformance/check-golden.ts', '../worker/index.ts', 1],
  ['golden/record.ts', '../tools/files.ts', 0],
  ['golden/record.ts', '../conformance/tolerances.ts', 1],
  ['images/decode-png.ts', 'fflate', 0],
  ['images/png.ts', 'node:zlib', 1],
  ['images/png.ts', '../tools/errors.ts', 1],
  ['worker/src/index.ts', '../../reference/interpreter.ts', 1],
  ['worker/src/index.ts', '../../reference/preprocess/resize.ts', 0],
  ['worker/src/index.ts', '../../images/decode.ts', 0],
  ['worker/src/index.ts', '../../fastpath/runtime/index.ts', 0],
  ['worker/src/index.ts', '../../fastpath/compile/index.ts', 1],
  ['worker/src/index.ts', '../../tools/errors.ts', 1],
  ['worker/page/page.ts', 'node:fs', 1],
  ['worker/build/programs.ts', '../../tools/models.ts', 0],
])('%s importing %s: %i refusals', async (file, specifier, wanted) => {
  expect(await refusals(file, specifier)).toBe(wanted);
});
