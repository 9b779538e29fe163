/** The back ends that `plumbline golden check` knows, by name. */

import { referenceBackend, type Backend } from './backend.ts';
import { fastpathBackend, fastpathRelaxedBackend } from './fastpath-backend.ts';
import { moduleBackend, moduleRelaxedBackend } from './module-backend.ts';

export const backends: Readonly<Record<string, Backend>> = {
  reference: referenceBackend,
  fastpath: fastpathBackend,
  'fastpath-relaxed': fastpathRelaxedBackend,
  module: moduleBackend,
  'module-relaxed': moduleRelaxedBackend,
};
