/** The command, on back ends that are right, wrong, silent or none. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { packagePath } from '../../tools/models.ts';
import { temporaryFolder } from '../../tools/test/temporary.ts';
import { verdictOf } from './data.ts';
import { gather } from './gather.ts';

const folder = temporaryFolder();
const wrong = packagePath('conformance', 'examples', 'wrong.ts');

it('goes on after a property that does not come back, or ends its thread', async () => {
  const module = folder.write(
    'silent.mjs',
    `export default { name: 'silent', prepare: ({ operators: [{ kind }], outputs, tensors }) => {
      if (kind === 'add') for (;;);
      if (kind === 'relu') process.exit(0);
      return { run: ([data]) => ({ outputs: [{ ...tensors[outputs[0]], data }], intermediates: new Map() }) };
    } };`,
  );
  const progress: string[] = [];
  const { name, argument, results } = await gather(module, {
    runs: 5,
    seed: 1,
    operators: ['add', 'relu', 'reshape'],
    precisions: ['int8'],
    limitMilliseconds: 2000,
    onProgress: (done, total) => progress.push(`${String(done)} of ${String(total)}`),
  });
  expect([name, argument]).toEqual(['silent', module]);
  expect(results.map((result) => [result.kind, verdictOf(result), result.stopped])).toEqual([
    ['add', 'no answer', 'Expected results within 2 s but found none'],
    ['relu', 'no answer', 'Expected the back end to go on but its thread ended'],
    ['reshape', 'equal', undefined],
  ]);
  expect(progress).toEqual(['0 of 3', '1 of 3', '2 of 3', '3 of 3']);
});

it('tells the smallest case in full', async () => {
  const { results } = await gather(wrong, {
    runs: 10_000,
    seed: 1,
    operators: ['averagePool'],
    precisions: ['int8'],
    limitMilliseconds: 60_000,
  });
  const { output, violation, explanation, file } = results[0]?.failure ?? expect.unreachable();
  const { index = -1 } = violation ?? {};
  expect(output?.expected[index]).toBe(violation?.expected);
  expect(output?.found[index]).toBe(violation?.found);
  expect(explanation).toContain(`expected ${String(violation?.expected)}`);
  const path = folder.write('again.case', Buffer.from(file ?? '', 'base64'));
  const replayed = plumbline('--backend', wrong, '--replay', path);
  expect([replayed.status, replayed.stdout]).toEqual([2, expect.stringContaining('different')]);
});

it('writes both files and ends with 2 where something differs', () => {
  const page = join(folder.path, 'report.html');
  const summary = join(folder.path, 'report.md');
  const { status, stdout } = plumbline(
    ...['report', '--backend', 'fastpath', wrong, '--operator', 'averagePool'],
    ...['--runs', '300', '--seed', '1', '-o', page, '--markdown', summary],
  );
  expect(stdout).toMatch(/report\.html: \d+ bytes\n.*report\.md: \d+ bytes\n$/);
  expect(status).toBe(2);
  expect(readFileSync(page, 'utf8')).toContain(
    '<td class="verdict v-equal" data-backend="fastpath" data-property="averagePool int8">',
  );
  expect(readFileSync(summary, 'utf8')).toContain(
    '| averagePool | int8 | equal, 300 | **differs**',
  );
});

it('ends with 0 where nothing differs, and refuses what is no back end', () => {
  const page = join(folder.path, 'none.html');
  const right = plumbline(
    'report',
    '--backend',
    'fastpath',
    '--operator',
    'reshape',
    '--runs',
    '3',
    '-o',
    page,
  );
  expect([right.status, right.stderr]).toEqual([0, '']);
  const refused = plumbline('report', '--backend', './none.ts', '-o', join(folder.path, 'x.html'));
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(
    /^plumbline: \.\/none\.ts: Expected --backend .* but found \.\/none\.ts\n$/,
  );
  expect(existsSync(join(folder.path, 'x.html'))).toBe(false);
});

function plumbline(...args: readonly string[]) {
  const command = packagePath('tools', 'plumbline.ts');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [command, 'conformance', ...args],
    {
      encoding: 'utf8',
      cwd: folder.path,
    },
  );
  return { status, stdout, stderr };
}
