/** What importers take besides a file: what no file says, or none can be trusted to say. */

import type { Graph } from '../../reference/index.ts';

export type ImportOptions = Pick<Graph, 'name' | 'labels' | 'preprocessing' | 'provenance'>;
