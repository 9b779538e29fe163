/**
 * Rounding with error compensation: each weight is rounded so as to make up for what those before it have lost.
 *
 * The error of a layer's output is `e * H * e^T` for the error e of a row of weights and the covariance H of its
 * inputs. With `H = L * L^T` it is the sum of `(e * L)_j^2`, in which weight j stands with those after it alone: taken
 * from the last to the first, each has one best value, given the others. Sources: Frantar et al., "GPTQ", ICLR 2023;
 * the nearest plane of Babai, "On Lovász' lattice reduction and the nearest lattice point problem", 1986.
 */

import { clamp, roundHalfAwayFromZero } from '../../reference/arithmetic/rounding.ts';
import { cholesky, solveRow } from './cholesky.ts';

/** The code of a weight, from its value in steps and what an error of one step costs. */
export type ChooseCode = (value: number, cost: number) => number;

/** The nearest code of at most `maxCode`. */
export function nearestCode(maxCode: number): ChooseCode {
  return (value) => clamp(roundHalfAwayFromZero(value), -maxCode, maxCode);
}

/**
 * The code with the least `cost * error^2 + price * bits`: the nearest, the one before it, or zero.
 *
 * @param lengths bits of the codes -maxCode to maxCode
 * @param price of a bit, in the unit of the costs
 */
export function cheapestCode(maxCode: number, lengths: Float64Array, price: number): ChooseCode {
  const total = (code: number, value: number, cost: number): number =>
    cost * (value - code) ** 2 + price * (lengths[code + maxCode] ?? Infinity);
  return (value, cost) => {
    const nearest = clamp(roundHalfAwayFromZero(value), -maxCode, maxCode);
    let best = nearest;
    let least = total(nearest, value, cost);
    for (const code of [nearest - Math.sign(nearest), 0]) {
      const other = total(code, value, cost);
      if (other < least) {
        least = other;
        best = code;
      }
    }
    return best;
  };
}

/** A covariance with its Cholesky factor, inputs in the order of their variance: the largest are rounded first. */
export class FactoredCovariance {
  /** The input that row and column i of `lower` are of. */
  readonly order: Int32Array;
  readonly lower: Float64Array;
  /** Mean of the squared pivots: what an error of 1 in one weight costs, where later weights make up for it. */
  readonly meanPivot: number;

  /** @throws {RangeError} for a matrix that is not positive definite */
  constructor(matrix: Float64Array, size: number) {
    const diagonal = (i: number): number => matrix[i * size + i] ?? 0;
    this.order = Int32Array.from({ length: size }, (_, i) => i).sort(
      (a, b) => diagonal(a) - diagonal(b) || a - b,
    );
    const sorted = new Float64Array(size * size);
    this.order.forEach((from, i) => {
      this.order.forEach((column, j) => {
        sorted[i * size + j] = matrix[from * size + column] ?? 0;
      });
    });
    this.lower = cholesky(sorted, size);
    let sum = 0;
    for (let j = 0; j < size; j++) sum += (this.lower[j * size + j] ?? 0) ** 2;
    this.meanPivot = sum / size;
  }

  /** The row x with `x * covariance = row`. */
  solve(row: Float64Array): Float64Array {
    const sorted = Float64Array.from(this.order, (from) => row[from] ?? 0);
    const x = solveRow(this.lower, sorted);
    const result = new Float64Array(row.length);
    this.order.forEach((to, i) => {
      result[to] = x[i] ?? 0;
    });
    return result;
  }

  /** `e * covariance * e^T` of an error e. */
  energy(error: Float64Array): number {
    const size = error.length;
    let total = 0;
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let i = j; i < size; i++) {
        sum += (error[this.order[i] ?? 0] ?? 0) * (this.lower[i * size + j] ?? 0);
      }
      total += sum * sum;
    }
    return total;
  }
}

/**
 * Rounds a row of weights to multiples of a step; returns the energy of the error.
 *
 * @param codes written: one for each weight
 */
export function roundRow(
  weights: Float64Array,
  step: number,
  { order, lower }: FactoredCovariance,
  choose: ChooseCode,
  codes: Float64Array,
): number {
  const size = weights.length;
  const carried = new Float64Array(size);
  let energy = 0;
  for (let j = size - 1; j >= 0; j--) {
    const row = lower.subarray(j * size, j * size + j + 1);
    const column = order[j] ?? 0;
    const pivot = row[j] ?? 0;
    const weight = weights[column] ?? 0;
    const wanted = weight + (carried[j] ?? 0) / pivot;
    const code = choose(wanted / step, (pivot * step) ** 2);
    codes[column] = code;
    energy += (pivot * (wanted - code * step)) ** 2;
    const error = weight - code * step;
    if (error === 0) continue;
    for (let k = 0; k < j; k++) carried[k] = (carried[k] ?? 0) + error * (row[k] ?? 0);
  }
  return energy;
}
