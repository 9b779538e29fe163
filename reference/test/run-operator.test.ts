import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { operatorKinds, runOperator } from '../index.ts';

const folder = join(import.meta.dirname, '..');

/** The calls in the documentation of `runOperator`, as they stand there. */
function documentedCalls(): readonly string[] {
  const source = readFileSync(join(folder, 'run-operator.ts'), 'utf8');
  const examples = source.split('@example').slice(1).join('\n').split('*/')[0] ?? '';
  const code = examples.replaceAll(/^ \* ?/gm, '');
  return code
    .split(/^(?=runOperator\()/m)
    .slice(1)
    .map((call) => call.split('\n\n')[0] ?? '');
}

describe('the documentation', () => {
  it('has an example of every operator, and each runs', () => {
    const calls = documentedCalls();
    const kinds = calls.map((call) => /^runOperator\('(\w+)'/.exec(call)?.[1]);
    expect(new Set(kinds)).toEqual(new Set(operatorKinds.filter((kind) => kind !== 'relu')));
    const program = [
      `import { runOperator } from ${JSON.stringify(join(folder, 'index.ts'))};`,
      ...calls.map((call) => `console.log(JSON.stringify(Array.from((${call}).data, Number)));`),
    ].join('\n');
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript'], {
      input: program,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as number[]);
    expect(results).toHaveLength(calls.length);
    expect(results[kinds.indexOf('averagePool')]).toEqual([2.5]);
    expect(results[kinds.indexOf('mean')]).toEqual([2.5]);
    expect(results[kinds.indexOf('clamp')]).toEqual([-1, 0, 1]);
    expect(results[kinds.indexOf('pad')]).toEqual([0, 5, 6]);
    expect(results[kinds.indexOf('quantize')]).toEqual([4, 1]);
    expect(results[kinds.indexOf('dequantize')]).toEqual([2]);
  });
});

describe('arguments', () => {
  const input = { shape: [1], data: [1] };

  it('of a kind or precision that does not exist are a TypeError', () => {
    expect(() => runOperator('maxPool' as 'relu', 'float32', {}, [input])).toThrow(
      new TypeError('Expected an operator kind but found maxPool'),
    );
    expect(() => runOperator('relu', 'int4' as 'int8', {}, [input])).toThrow(
      new TypeError('Expected precision float32, int8 or int16 but found int4'),
    );
  });

  it('that do not fit their type are a RangeError', () => {
    expect(() => runOperator('relu', 'int8', {}, [{ shape: [1], data: [128] }])).toThrow(
      new RangeError('Expected int8 elements but found 128'),
    );
    expect(() => runOperator('relu', 'float32', {}, [{ shape: [3], data: [1] }])).toThrow(
      new RangeError('Expected 3 elements for shape [3] but found 1'),
    );
  });

  it('T6 that are undefined are left out', () => {
    const run = (attributes: object, ...bias: undefined[]): unknown =>
      runOperator('fullyConnected', 'int16', { output: { scale: 1 }, ...attributes }, [
        { shape: [1, 1], data: [100], scale: 1.00001 },
        { shape: [1, 1], data: [310], scale: 1.00001 },
        ...bias,
      ]).data;
    // The int32 mode has int8 weights, and 31000 * 1.00002 is 31001 with all bits of the multiplier.
    expect(run({})).toEqual(Int16Array.of(31000));
    expect(run({ accumulator: undefined, activation: undefined }, undefined)).toEqual(run({}));
  });

  it('numbers take the type usual at their place', () => {
    const weights = { shape: [1, 1], data: [300], scale: 1 };
    const attributes = { output: { scale: 1 } };
    const wide = { shape: [1, 1], data: [2], scale: 1 };
    expect(() => runOperator('fullyConnected', 'int8', attributes, [wide, weights])).toThrow(
      'Expected int8 elements but found 300',
    );
    const { data } = runOperator('fullyConnected', 'int16', attributes, [
      wide,
      weights,
      { shape: [1], data: [7] },
    ]);
    expect(data).toEqual(Int16Array.of(607));
  });
});
