/** The charts of a run, by file name. */

import { embeddedNames } from '../../models.ts';
import type { BenchResults } from '../results.ts';
import { loadChart } from './load.ts';
import { peersChart } from './peers.ts';
import { rooflineChart } from './roofline.ts';

/** Those for which something was measured. */
export function charts(results: BenchResults): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  if (results.loads.length > 0) files.set('load.svg', loadChart(results));
  if (results.networks.length > 0) files.set('runtimes.svg', peersChart(results));
  for (const model of embeddedNames) {
    const roofline = rooflineChart(results, model);
    if (roofline !== undefined) files.set(`roofline-${model}.svg`, roofline);
  }
  return files;
}
