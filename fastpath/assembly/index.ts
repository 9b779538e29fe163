/** What the kernels' module exports. */

export { requantizeInt32, requantizeInt64 } from './requantize';
