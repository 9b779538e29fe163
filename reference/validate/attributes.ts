/** What each operator's attributes must be, before anything is computed from them. */

import { operatorKinds, type OperatorKind } from '../graph/operator.ts';
import { refuse } from './rules.ts';

/** The text of what is wanted, where a value is not it. */
interface Check {
  readonly wanted: string;
  readonly holds: (value: unknown) => boolean;
  readonly optional?: boolean;
}

const isInteger = (value: unknown, min: number, max = 2 ** 31 - 1): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;

const isList = (value: unknown, holds: (item: unknown) => boolean): value is unknown[] =>
  Array.isArray(value) && value.every(holds);

const MAX_EXTENT = 2 ** 20;

const tuple = (length: number, min: number, wanted: string): Check => ({
  wanted,
  holds: (value) =>
    isList(value, (item) => isInteger(item, min, MAX_EXTENT)) && value.length === length,
});

const pair = tuple(2, 1, 'two integers greater than 0');
const padding = tuple(4, 0, 'four integers of at least 0');
const activation: Check = {
  wanted: 'none, relu or relu6',
  holds: (value) => value === 'none' || value === 'relu' || value === 'relu6',
};
const real: Check = { wanted: 'a number', holds: (v) => typeof v === 'number' && !Number.isNaN(v) };
const optional = (check: Check): Check => ({ ...check, optional: true });

const integerList = optional({
  wanted: 'a list of integers',
  holds: (value) => isList(value, (item) => isInteger(item, -(2 ** 31))),
});
const integer = optional({ wanted: 'an integer', holds: (v) => isInteger(v, -(2 ** 31)) });
const limit = optional(real);

const factors = { multiplier: integerList, shift: integerList };
const ready = { ...factors, activationMin: limit, activationMax: limit };
const accumulator = optional({
  wanted: 'int32, where it is given',
  holds: (value) => value === 'int32',
});
const convolution = { stride: pair, dilation: pair, padding, activation, accumulator, ...ready };

const checks: Readonly<Record<OperatorKind, Readonly<Record<string, Check>>>> = {
  conv2d: {
    ...convolution,
    groups: { wanted: 'an integer greater than 0', holds: (v) => isInteger(v, 1) },
  },
  depthwiseConv2d: convolution,
  fullyConnected: { activation, accumulator, ...ready },
  add: {
    activation,
    leftShift: optional({ wanted: 'an integer in [0, 30]', holds: (v) => isInteger(v, 0, 30) }),
    ...ready,
  },
  averagePool: {
    size: pair,
    stride: pair,
    padding,
    activation,
    activationMin: limit,
    activationMax: limit,
  },
  mean: {
    keepDimensions: { wanted: 'true or false', holds: (v) => typeof v === 'boolean' },
    ...factors,
  },
  softmax: {
    beta: {
      wanted: 'a finite number greater than 0',
      holds: (v) => typeof v === 'number' && Number.isFinite(v) && v > 0,
    },
    multiplier: integerList,
    leftShift: integer,
    diffMin: integer,
  },
  clamp: { min: real, max: real, ...ready },
  relu: ready,
  relu6: ready,
  pad: {
    padding: {
      wanted: 'a list of two integers of at least 0 for each axis',
      holds: (value) =>
        isList(
          value,
          (item) => isList(item, (edge) => isInteger(edge, 0, MAX_EXTENT)) && item.length === 2,
        ),
    },
  },
  reshape: {
    shape: {
      wanted: 'a list of integers greater than 0',
      holds: (value) => isList(value, (item) => isInteger(item, 1)),
    },
  },
  quantize: factors,
  dequantize: {},
};

export function isOperatorKind(value: unknown): value is OperatorKind {
  return operatorKinds.some((kind) => kind === value);
}

/** Refuses an attribute that is missing, unknown or out of its domain. */
export function checkAttributes(kind: OperatorKind, subject: string, attributes: object): void {
  const known = checks[kind];
  for (const name of Object.keys(attributes)) {
    if (kind === 'add' && name === 'potScaleInt16') refuse('add-power-of-two-scales', subject);
    if (!Object.hasOwn(known, name)) refuse('attribute-unknown', subject, name);
  }
  for (const [name, check] of Object.entries(known)) {
    const value: unknown = Object.hasOwn(attributes, name)
      ? Reflect.get(attributes, name)
      : undefined;
    if (value === undefined && check.optional === true) continue;
    if (!check.holds(value)) {
      refuse('operator-attribute', subject, name, check.wanted, describe(value));
    }
  }
  checkReadyPair(kind === 'softmax' ? 'leftShift' : 'shift', subject, attributes);
}

/** A ready-made multiplier means nothing without its exponent of two. */
function checkReadyPair(
  exponent: 'shift' | 'leftShift',
  subject: string,
  attributes: {
    readonly multiplier?: unknown;
    readonly shift?: unknown;
    readonly leftShift?: unknown;
  },
): void {
  const multipliers = attributes.multiplier === undefined ? 0 : 1;
  const shifts = attributes[exponent] === undefined ? 0 : 1;
  if (multipliers !== shifts) {
    refuse('integers-count', subject, `multiplier and ${exponent} together`, multipliers, shifts);
  }
}

function describe(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  ) as string | undefined;
  return (text ?? 'nothing').slice(0, 80);
}
