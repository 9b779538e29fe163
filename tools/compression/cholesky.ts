/** Symmetric positive definite matrices, row-major, and their Cholesky factors. */

/**
 * The lower triangular L with `L * L^T = matrix`; zeros above the diagonal.
 *
 * @throws {RangeError} for a matrix that is not positive definite
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const rowI = lower.subarray(i * size, (i + 1) * size);
    for (let j = 0; j <= i; j++) {
      const rowJ = lower.subarray(j * size, (j + 1) * size);
      let sum = matrix[i * size + j] ?? NaN;
      for (let k = 0; k < j; k++) sum -= (rowI[k] ?? 0) * (rowJ[k] ?? 0);
      if (i !== j) {
        rowI[j] = sum / (rowJ[j] ?? NaN);
      } else if (sum > 0) {
        rowI[i] = Math.sqrt(sum);
      } else {
        throw new RangeError(
          `Expected a positive definite matrix but found ${String(sum)} in row ${String(i)}`,
        );
      }
    }
  }
  return lower;
}

/** The row x with `x * L * L^T = row`. */
export function solveRow(lower: Float64Array, row: Float64Array): Float64Array {
  const size = row.length;
  const x = row.slice();
  for (let i = 0; i < size; i++) {
    let sum = x[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (lower[i * size + k] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (lower[i * size + i] ?? NaN);
  }
  for (let i = size - 1; i >= 0; i--) {
    const value = (x[i] ?? 0) / (lower[i * size + i] ?? NaN);
    x[i] = value;
    for (let k = 0; k < i; k++) x[k] = (x[k] ?? 0) - value * (lower[i * size + k] ?? 0);
  }
  return x;
}
