/**
 * How a panel's int32 sums become codes: the word after the parameters of its 8 channels, which are biases, factors and
 * third parameters, 8 words each.
 *
 * In float32, where fastpath/compile/float-rescaling.ts has proven that it gives the same codes; the factor is a scale,
 * the third an offset, which in the second form takes the sum's sign.
 */
export const RESCALE_FLOAT: i32 = 0;
export const RESCALE_SIGNED_FLOAT: i32 = 1;
/** Four at once, the product in integers; the third parameter is the scale of `requantizeVector`. For int8. */
export const RESCALE_VECTOR: i32 = 2;
/** One by one in integers; the third parameter is the shift. */
export const RESCALE_LANES: i32 = 3;
/** In float64, which holds all bits where there is one rounding (A5): factors are 8 float64 and no third follows. */
export const RESCALE_DOUBLE: i32 = 4;
