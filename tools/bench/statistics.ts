/** Order statistics of samples. */

export interface Summary {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly mean: number;
  readonly samples: number;
}

/**
 * The value below which a fraction of the samples lies, interpolated between neighbours (Hyndman and Fan, "Sample
 * quantiles in statistical packages", 1996, type 7). NaN of no samples.
 */
export function quantile(samples: readonly number[], fraction: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function mean(samples: readonly number[]): number {
  return samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
}

export function summarize(samples: readonly number[]): Summary {
  return {
    median: median(samples),
    p10: quantile(samples, 0.1),
    p90: quantile(samples, 0.9),
    mean: mean(samples),
    samples: samples.length,
  };
}
