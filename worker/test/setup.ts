/** Before the tests of the Worker: what it imports and serves. */

import { buildAll } from '../make/all.ts';

export default buildAll;
