/** A counterexample in lines of text: every attribute, shape and value. */

import type { OperatorCase } from '../operator-case.ts';
import type { ReportFailure } from './data.ts';

const MAX_WIDTH = 96;

/** Operator, attributes and tensors, a line per row of values or several. */
export function caseLines({
  kind,
  precision,
  attributes,
  inputs,
}: OperatorCase): readonly string[] {
  const names = kind === 'add' ? ['input 0', 'input 1'] : ['input', 'weights', 'bias'];
  return [
    `${kind} ${precision}`,
    ...Object.entries(attributes).map(([name, value]) => `  ${name} ${literal(value)}`),
    ...inputs.flatMap(({ shape, data, ...rest }, i) => {
      const more = Object.entries(rest).map(([name, value]) => `, ${name} ${literal(value)}`);
      return [
        `${names[i] ?? `input ${String(i)}`} ${data.constructor.name} ${literal(shape)}${more.join('')}`,
        ...valueLines(Array.from(data, Number), shape),
      ];
    }),
  ];
}

/** The output, expected and found. */
export function outputLines({ output }: ReportFailure): readonly string[] {
  if (output === undefined) return [];
  const { shape, expected, found } = output;
  return [
    `expected ${literal(shape)}`,
    ...valueLines(expected, shape),
    `found ${literal(shape)}`,
    ...valueLines(found, shape),
  ];
}

/** Places where the output differs at all, in memory order. */
export function differingPlaces({ output }: ReportFailure): readonly number[] {
  if (output === undefined) return [];
  const { expected, found } = output;
  return expected.flatMap((value, i) => (Object.is(value + 0, (found[i] ?? NaN) + 0) ? [] : [i]));
}

/** A number or a list as it is written in code, -0 and the infinities too. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, field]) => `${name}: ${literal(field)}`);
    return `{ ${fields.join(', ')} }`;
  }
  return String(value);
}

/** Values in memory order; each row of the last axis begins a line. */
function valueLines(values: readonly number[], shape: readonly number[]): readonly string[] {
  const row = Math.max(shape.at(-1) ?? 1, 1);
  const texts = values.map(literal);
  const width = Math.max(0, ...texts.map((text) => text.length));
  const fitting = Math.max(Math.floor(MAX_WIDTH / (width + 1)), 1);
  const lines: string[] = [];
  for (let start = 0; start < texts.length; start += row) {
    for (let from = start; from < Math.min(start + row, texts.length); from += fitting) {
      const to = Math.min(from + fitting, start + row);
      lines.push(
        `  ${texts
          .slice(from, to)
          .map((text) => text.padStart(width))
          .join(' ')}`,
      );
    }
  }
  return lines;
}
