/** Counters of this isolate, as Prometheus reads them. Isolates come and go, each with its own. */

const PREFIX = 'plumbline_';

const help = {
  requests: 'Answers, by route and status.',
  loads: 'Models loaded, by the tier that they came from.',
  hits: 'Requests that found their model loaded.',
  evictions: 'Models evicted for want of memory.',
  digest_mismatches: 'Programs whose bytes had not their digest, by tier.',
  store_errors: 'Reads of a store that failed, by tier.',
  kernels_refused: 'Variants of the kernels that failed their self-test.',
  refused_images: 'Images that were not decoded, by reason.',
  stage_milliseconds: 'Time by stage. In production it stands still while the processor works.',
} as const;

export type CounterName = keyof typeof help;

export class Metrics {
  readonly #counters = new Map<CounterName, Map<string, number>>();

  count(name: CounterName, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = Object.entries(labels)
      .map(([label, value]) => `${label}="${value.replace(/["\\\n]/g, '_')}"`)
      .join(',');
    const counters = this.#counters.get(name) ?? new Map<string, number>();
    counters.set(key, (counters.get(key) ?? 0) + by);
    this.#counters.set(name, counters);
  }

  /** The text format, version 0.0.4. `gauges` are values of the moment, with what they mean. */
  text(gauges: Readonly<Record<string, readonly [value: number, help: string]>>): string {
    const lines = Array.from(this.#counters, ([name, counters]) => [
      `# HELP ${PREFIX}${name}_total ${help[name]}`,
      `# TYPE ${PREFIX}${name}_total counter`,
      ...Array.from(
        counters,
        ([key, value]) => `${PREFIX}${name}_total${key === '' ? '' : `{${key}}`} ${String(value)}`,
      ),
    ]);
    const values = Object.entries(gauges).map(([name, [value, text]]) => [
      `# HELP ${PREFIX}${name} ${text}`,
      `# TYPE ${PREFIX}${name} gauge`,
      `${PREFIX}${name} ${String(value)}`,
    ]);
    return `${[...lines, ...values].flat().join('\n')}\n`;
  }
}
