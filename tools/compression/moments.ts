/** Means and covariances of a layer's inputs: in the network that is imitated, and in the one that imitates it. */

import { multiplier } from './product.ts';

/** Of one group of a layer. Matrices are `[fanIn][fanIn]`, means `[fanIn]`. */
export interface Moments {
  /** Mean inputs of the network that is imitated. */
  readonly wantedMean: Float64Array;
  /** Mean inputs of the network that imitates it. */
  readonly ownMean: Float64Array;
  /** Covariance of the latter's inputs. */
  readonly own: Float64Array;
  /** Covariance of the former's inputs (rows) with the latter's (columns). */
  readonly cross: Float64Array;
}

/** From so many columns on, a product by kernels is faster than loops (measured). */
const KERNEL_COLUMNS = 64;

/** The moments of samples `[fanIn][count]` of both networks, taken at the same positions of the same images. */
export async function momentsOf(
  wanted: Float32Array,
  own: Float32Array,
  fanIn: number,
): Promise<Moments> {
  const count = own.length / fanIn;
  const [wantedMean, wantedCentred] = centre(wanted, count);
  const [ownMean, ownCentred] = centre(own, count);
  const covariance = async (rows: Float32Array): Promise<Float64Array> => {
    const sums =
      fanIn < KERNEL_COLUMNS
        ? products(rows, ownCentred, fanIn, count)
        : Float64Array.from((await multiplier(ownCentred, count, fanIn))(rows));
    return sums.map((sum) => sum / count);
  };
  return {
    wantedMean,
    ownMean,
    own: await covariance(ownCentred),
    cross: await covariance(wantedCentred),
  };
}

/** The mean of each row, and the rows less their means. */
function centre(rows: Float32Array, count: number): readonly [Float64Array, Float32Array] {
  const means = new Float64Array(rows.length / count);
  const centred = new Float32Array(rows.length);
  for (let r = 0; r < means.length; r++) {
    let sum = 0;
    for (let i = r * count; i < (r + 1) * count; i++) sum += rows[i] ?? 0;
    const mean = sum / count;
    means[r] = mean;
    for (let i = r * count; i < (r + 1) * count; i++) centred[i] = (rows[i] ?? 0) - mean;
  }
  return [means, centred];
}

function products(
  left: Float32Array,
  right: Float32Array,
  size: number,
  count: number,
): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let k = 0; k < count; k++) {
        sum += (left[i * count + k] ?? 0) * (right[j * count + k] ?? 0);
      }
      result[i * size + j] = sum;
    }
  }
  return result;
}
