/** The smallest Worker: small int8 in its script, all other models as static assets or in stores. */

import smallInt8 from '../../build/worker/programs/small.int8.program';
import { createWorker } from './app.ts';
import { built, embedded, parts } from './parts.ts';

export default createWorker({
  ...parts,
  programs: [embedded(built, 'small', 'int8', smallInt8)],
});
