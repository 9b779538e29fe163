/**
 * Makes a failing case small and plain: fewer batches, pixels, channels and taps; elements that are zero or 1; no bias;
 * multipliers of 1/2, scales of 1, attributes at their defaults.
 *
 * Every change is tried on its own and kept where the case still fails, in rounds until a round changes nothing
 * (delta debugging: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002). Each change makes
 * something smaller that none makes larger again, so that rounds end.
 */

import type { Backend } from '../../golden/backend.ts';
import { clamp } from '../../reference/arithmetic/rounding.ts';
import {
  elementTypeOf,
  elementTypes,
  GraphError,
  operatorGraph,
  validateGraph,
  type TensorData,
} from '../../reference/index.ts';
import { compareCase, type OperatorCase } from '../operator-case.ts';
import {
  attributesOf,
  cutsOf,
  isNumbers,
  range,
  typedCase,
  withAttributes,
  withInput,
  type TypedCase,
  type TypedTensor,
} from './cuts.ts';

export interface ShrinkBudget {
  /** Most calls of `fails`. Default 2000. */
  readonly evaluations?: number;
  /** Milliseconds after which nothing more is tried; one call of `fails` may still be under way. Default 1500. */
  readonly milliseconds?: number;
}

export interface Shrunk {
  /** The case given, or a smaller one of which `fails` said so; its tensors are typed arrays. */
  readonly smallest: OperatorCase;
  readonly evaluations: number;
  /** Whether the budget ended before there was nothing left to try. */
  readonly exhausted: boolean;
}

/** Tells whether a back end computes a case wrongly; one that breaks a rule has no right answer. */
export function failsOn(backend: Backend): (candidate: OperatorCase) => Promise<boolean> {
  return async (candidate) => {
    try {
      return (await compareCase(candidate, backend)).violation !== undefined;
    } catch (error) {
      if (error instanceof GraphError) return false;
      throw error;
    }
  };
}

/**
 * The smallest case found that still fails, starting from one that does.
 *
 * `fails` gets valid cases alone; a `GraphError` that it throws counts as not failing, any other error is passed on.
 *
 * @throws {TypeError} for a case that is none
 */
export async function shrinkValues(
  drawn: OperatorCase,
  fails: (candidate: OperatorCase) => Promise<boolean>,
  { evaluations = 2000, milliseconds = 1500 }: ShrinkBudget = {},
): Promise<Shrunk> {
  const search = new Search(typedCase(drawn), fails, evaluations, milliseconds);
  let before: TypedCase;
  do {
    before = search.current;
    await dropAttributes(search);
    await cut(search);
    await attemptAll(search, simplifications);
    await simplifyNumbers(search);
    await simplifyElements(search);
    await simplifyFactors(search);
  } while (search.current !== before && !search.exhausted);
  return {
    smallest: search.current,
    evaluations: search.evaluations,
    exhausted: search.exhausted,
  };
}

type Change = (current: TypedCase) => TypedCase | undefined;

class Search {
  current: TypedCase;
  evaluations = 0;
  exhausted = false;
  readonly #fails: (candidate: OperatorCase) => Promise<boolean>;
  readonly #limit: number;
  readonly #deadline: number;

  constructor(
    start: TypedCase,
    fails: (candidate: OperatorCase) => Promise<boolean>,
    limit: number,
    milliseconds: number,
  ) {
    this.current = start;
    this.#fails = fails;
    this.#limit = limit;
    this.#deadline = performance.now() + milliseconds;
  }

  /** Makes a candidate the current case if it is valid and fails; tells whether it did. */
  async attempt(candidate: TypedCase | undefined): Promise<boolean> {
    if (candidate === undefined || this.exhausted) return false;
    if (this.evaluations >= this.#limit || performance.now() >= this.#deadline) {
      this.exhausted = true;
      return false;
    }
    if (!isValid(candidate)) return false;
    this.evaluations += 1;
    try {
      if (!(await this.#fails(candidate))) return false;
    } catch (error) {
      if (error instanceof GraphError) return false;
      throw error;
    }
    this.current = candidate;
    return true;
  }
}

/** Whether a case breaks no rule of graphs. */
export function isValid({ kind, precision, attributes, inputs }: OperatorCase): boolean {
  try {
    validateGraph(operatorGraph(kind, precision, attributes, inputs).graph);
    return true;
  } catch (error) {
    if (error instanceof GraphError) return false;
    throw error;
  }
}

async function attemptAll(search: Search, changes: readonly Change[]): Promise<void> {
  for (const change of changes) await search.attempt(change(search.current));
}

/** Attributes that have no meaning one without the other. */
const PAIRS: readonly (readonly string[])[] = [
  ['multiplier', 'shift'],
  ['activationMin', 'activationMax'],
];

/** Each attribute left out, so that its default holds. */
async function dropAttributes(search: Search): Promise<void> {
  for (const names of [...PAIRS, ...Object.keys(search.current.attributes).map((key) => [key])]) {
    const attributes = attributesOf(search.current);
    const kept = Object.entries(attributes).filter(([key]) => !names.includes(key));
    if (kept.length === Object.keys(attributes).length) continue;
    await search.attempt(withAttributes(search.current, Object.fromEntries(kept)));
  }
}

/** Pieces taken away in every direction: all but the first or last, then halves, quarters and so on to single ones. */
async function cut(search: Search): Promise<void> {
  for (let direction = 0; ; direction++) {
    const found = cutsOf(search.current)[direction];
    if (found === undefined) return;
    let { extent } = found;
    const keep = async (pieces: readonly number[]): Promise<boolean> => {
      const kept = await search.attempt(cutsOf(search.current)[direction]?.keep(pieces));
      if (kept) extent = pieces.length;
      return kept;
    };
    if (extent === 1 || (await keep([0])) || (await keep([extent - 1]))) continue;
    for (let size = Math.ceil(extent / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
      let start = 0;
      while (start < extent && extent > 1 && !search.exhausted) {
        const end = start + size;
        const pieces = range(extent).filter((piece) => piece < start || piece >= end);
        if (pieces.length === 0 || !(await keep(pieces))) start = end;
      }
    }
  }
}

/** Changes of one step each. */
const simplifications: readonly Change[] = [
  // The bias is the third input of convolutions and fully connected layers alone.
  (current) =>
    current.inputs.length === 3 ? { ...current, inputs: current.inputs.slice(0, 2) } : undefined,
  (current) => {
    const [input, weights] = current.inputs;
    const inner = weights?.shape[1];
    if (current.kind !== 'fullyConnected' || input === undefined || inner === undefined) {
      return undefined;
    }
    if (input.shape.length === 2) return undefined;
    const shape = [input.data.length / inner, inner];
    return withInput(current, 0, { ...input, shape });
  },
  ...[0, 1].flatMap((position) => [
    (current: TypedCase) => withoutZeroPoint(current, position, true),
    (current: TypedCase) => withoutZeroPoint(current, position, false),
  ]),
  ...['zeroPoint', 'scale'].map((key) => (current: TypedCase) => withOutput(current, key)),
  ...[0, 1, 2].flatMap((position) => [
    (current: TypedCase) => withScale(current, position, undefined),
    (current: TypedCase) => withScale(current, position, () => 1),
    (current: TypedCase) => withScale(current, position, nearestPowerOfTwo),
  ]),
  (current) => withOutput(current, 'scale', () => 1),
  (current) => withOutput(current, 'scale', nearestPowerOfTwo),
  (current) => withOutput(current, 'zeroPoint', () => 0),
];

/** Zero point 0, with the codes moved so that they stand for the same numbers, or as they are. */
function withoutZeroPoint(
  current: TypedCase,
  position: number,
  moved: boolean,
): TypedCase | undefined {
  const tensor = current.inputs[position];
  if (tensor === undefined) return undefined;
  const { zeroPoint, ...rest } = tensor;
  if (zeroPoint === undefined) return undefined;
  if (!moved || zeroPoint === 0) return withInput(current, position, rest);
  const type = elementTypeOf(tensor.data) ?? 'float32';
  const { min, max } = elementTypes[type];
  const data = mapElements(tensor.data, (code) => clamp(code - zeroPoint, min, max));
  return withInput(current, position, { ...rest, data });
}

function withOutput(
  current: TypedCase,
  key: string,
  simpler?: (value: number) => number,
): TypedCase | undefined {
  const attributes = attributesOf(current);
  const { output } = attributes;
  if (typeof output !== 'object' || output === null || !(key in output)) return undefined;
  const given = Object.entries(output) as [string, unknown][];
  const changed = given.flatMap(([name, value]): [string, unknown][] => {
    if (name !== key) return [[name, value]];
    return simpler === undefined || typeof value !== 'number' ? [] : [[name, simpler(value)]];
  });
  if (changed.every(([name, value], i) => given[i]?.[0] === name && given[i][1] === value)) {
    return undefined;
  }
  return withAttributes(current, { ...attributes, output: Object.fromEntries(changed) });
}

/** An input's scale left out, or one scale for all channels in place of its list. */
function withScale(
  current: TypedCase,
  position: number,
  simpler: ((value: number) => number) | undefined,
): TypedCase | undefined {
  const tensor = current.inputs[position];
  if (tensor === undefined) return undefined;
  const { scale, ...rest } = tensor;
  const first = isNumbers(scale) ? scale[0] : scale;
  if (first === undefined) return undefined;
  if (simpler === undefined) return withInput(current, position, rest);
  const wanted = simpler(first);
  return scale === wanted ? undefined : withInput(current, position, { ...rest, scale: wanted });
}

function nearestPowerOfTwo(value: number): number {
  return 2 ** Math.round(Math.log2(value));
}

/** Numbers of attributes, with the value that is the simplest for each. */
const SIMPLEST: Readonly<Record<string, number>> = {
  padding: 0,
  stride: 1,
  dilation: 1,
  size: 1,
  beta: 1,
};

/** Numbers within attributes, one by one: the simplest value, or the nearest to it that will do. */
async function simplifyNumbers(search: Search): Promise<void> {
  for (const [name, simplest] of Object.entries(SIMPLEST)) {
    const count = numbersIn(attributesOf(search.current)[name]).length;
    for (let place = 0; place < count; place++) {
      const value = numbersIn(attributesOf(search.current)[name])[place] ?? simplest;
      const last = Number.isInteger(value) ? value : simplest + 1;
      for (let wanted = simplest; wanted < Math.min(last, simplest + 8); wanted++) {
        const attributes = attributesOf(search.current);
        const changed = replaceNumber(attributes[name], place, wanted);
        if (
          await search.attempt(withAttributes(search.current, { ...attributes, [name]: changed }))
        )
          break;
      }
    }
  }
}

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return Array.isArray(value) ? value.flatMap(numbersIn) : [];
}

/** The same numbers in the same lists, but one. */
function replaceNumber(value: unknown, place: number, wanted: number): unknown {
  let at = 0;
  const replaced = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(replaced);
    return at++ === place ? wanted : item;
  };
  return replaced(value);
}

/** A list of numbers within a case. */
interface Vector {
  readonly read: (current: TypedCase) => readonly number[];
  readonly write: (current: TypedCase, values: readonly number[]) => TypedCase;
}

/** The elements of an input, less its zero point. */
function elementsOf(position: number): Vector {
  const tensorOf = ({ inputs }: TypedCase): TypedTensor | undefined => inputs[position];
  return {
    read: (current) => {
      const { data = new Int8Array(0), zeroPoint = 0 } = tensorOf(current) ?? {};
      return Array.from({ length: data.length }, (_, i) => Number(data[i]) - zeroPoint);
    },
    write: (current, values) => {
      const tensor = tensorOf(current);
      if (tensor === undefined) return current;
      const { zeroPoint = 0 } = tensor;
      const { min, max } = elementTypes[elementTypeOf(tensor.data) ?? 'float32'];
      const data = mapElements(tensor.data, (_, i) =>
        clamp((values[i] ?? 0) + zeroPoint, min, max),
      );
      return withInput(current, position, { ...tensor, data });
    },
  };
}

function attributeList(name: string): Vector {
  return {
    read: (current) => {
      const list = attributesOf(current)[name];
      return isNumbers(list) ? list : [];
    },
    write: (current, values) =>
      withAttributes(current, { ...attributesOf(current), [name]: values }),
  };
}

/** Sets all numbers of a kind to a value, or those halves, quarters and so on of the list of which that is possible. */
async function setRanges(
  search: Search,
  vector: Vector,
  wanted: number,
  isOpen: (value: number) => boolean,
): Promise<void> {
  const setRange = async (start: number, end: number): Promise<void> => {
    const values = vector.read(search.current);
    const inRange = (value: number, i: number): boolean => i >= start && i < end && isOpen(value);
    if (!values.some(inRange) || search.exhausted) return;
    const changed = values.map((value, i) => (inRange(value, i) ? wanted : value));
    if (await search.attempt(vector.write(search.current, changed))) return;
    if (end - start === 1) return;
    const middle = Math.ceil((start + end) / 2);
    await setRange(start, middle);
    await setRange(middle, end);
  };
  await setRange(0, vector.read(search.current).length);
}

/** Elements that a case may have for each to be made small on its own. */
const FEW = 64;

/** Zeros, then ones, then the smallest numbers that will do. */
async function simplifyElements(search: Search): Promise<void> {
  for (const position of search.current.inputs.keys()) {
    const vector = elementsOf(position);
    await setRanges(search, vector, 0, (value) => value !== 0);
    await setRanges(search, vector, 1, (value) => value !== 0 && value !== 1);
    const open = vector.read(search.current).flatMap((value, i) => {
      return value === 0 || value === 1 || !Number.isFinite(value) ? [] : [i];
    });
    if (open.length > FEW) continue;
    for (const index of open) await simplifyElement(search, vector, index);
  }
}

async function simplifyElement(search: Search, vector: Vector, index: number): Promise<void> {
  const value = (): number => vector.read(search.current)[index] ?? 0;
  const set = (wanted: number): Promise<boolean> =>
    search.attempt(vector.write(search.current, vector.read(search.current).with(index, wanted)));
  if (value() < 0 && value() !== -1) await set(-value());
  if (!Number.isInteger(value()) && Math.abs(value()) > 1) await set(Math.trunc(value()));
  if (!Number.isInteger(value()) || Math.abs(value()) > Number.MAX_SAFE_INTEGER) return;
  // The smallest magnitude that fails, where larger ones do too.
  let below = 0;
  while (Math.abs(value()) - below > 1 && !search.exhausted) {
    const middle = Math.floor((Math.abs(value()) + below) / 2);
    if (!(await set(middle * Math.sign(value())))) below = middle;
  }
}

/** 1/2: the smallest multiplier that is normalised. */
const HALF = 2 ** 30;

/** Multipliers of 1/2 and shifts of 0, or all the same; one for all channels where all are. */
async function simplifyFactors(search: Search): Promise<void> {
  const multiplier = attributeList('multiplier');
  const shift = attributeList('shift');
  await setRanges(search, multiplier, HALF, (value) => value !== HALF);
  await setRanges(search, shift, 0, (value) => value !== 0);
  const [first = 0] = shift.read(search.current);
  await setRanges(search, shift, first, (value) => value !== first && value !== 0);
  const lists = [multiplier, shift].map(({ read }) => read(search.current));
  if (lists.some((list) => list.length < 2 || new Set(list).size > 1)) return;
  const [[m = 0] = [], [s = 0] = []] = lists;
  await search.attempt(shift.write(multiplier.write(search.current, [m]), [s]));
}

function mapElements(data: TensorData, map: (value: number, index: number) => number): TensorData {
  const mapped = data.slice();
  const big = mapped instanceof BigInt64Array;
  for (let i = 0; i < data.length; i++) {
    const value = map(Number(data[i]), i);
    mapped[i] = big ? BigInt(value) : value;
  }
  return mapped;
}
