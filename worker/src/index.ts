/** The Worker with the three small models and large int8 in its script; the two larger ones are static assets. */

import largeInt8 from '../../build/worker/programs/large.int8.program';
import smallFloat32 from '../../build/worker/programs/small.float32.program';
import smallInt16 from '../../build/worker/programs/small.int16.program';
import smallInt8 from '../../build/worker/programs/small.int8.program';
import { createWorker } from './app.ts';
import { built, embedded, parts } from './parts.ts';

export default createWorker({
  ...parts,
  programs: [
    embedded(built, 'small', 'float32', smallFloat32),
    embedded(built, 'small', 'int16', smallInt16),
    embedded(built, 'small', 'int8', smallInt8),
    embedded(built, 'large', 'int8', largeInt8),
  ],
});
