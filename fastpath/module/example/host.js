/**
 * A compiled model in any host of WebAssembly: Node, browsers, Workers. What it does is all that a host has to do.
 */

const arrays = { float32: Float32Array, int16: Int16Array, int8: Int8Array, uint8: Uint8Array };
const ranges = { int16: [-32768, 32767], int8: [-128, 127], uint8: [0, 255] };

/** Instantiates a model: its bytes, or a `WebAssembly.Module` where code may not be compiled at run time. */
export async function load(source) {
  const made = await WebAssembly.instantiate(source);
  const { memory, input, output, describe, run } = (made.instance ?? made).exports;
  const bytes = new Uint8Array(memory.buffer);
  const text = bytes.subarray(describe.value, bytes.indexOf(0, describe.value));
  const model = JSON.parse(new TextDecoder().decode(text));
  const view = ({ type }, address, length) => new arrays[type](memory.buffer, address, length);
  const [, height, width, channels] = model.input.shape;
  const elements = view(model.input, input.value, height * width * channels);
  const scores = view(model.output, output.value, model.output.shape.at(-1));
  const order = model.preprocessing.channels === 'rgb' ? [0, 1, 2] : [2, 1, 0];
  const table = pixelTable(model);
  return {
    model,
    /** The output for RGB pixels, height x width x 3 bytes; elements as the model has them. */
    run(rgb) {
      for (let i = 0; i < elements.length; i += 3) {
        for (let c = 0; c < 3; c++) elements[i + c] = table[c][rgb[i + order[c]]];
      }
      run();
      return scores.slice();
    },
  };
}

/** The input element of each pixel value 0..255, channel by channel of the tensor. */
function pixelTable({ preprocessing: { mean, std, integer }, input: { type, scale, zeroPoint } }) {
  const element = (x, c) => {
    if (integer !== undefined) return integer.multiplier * x + integer.offset;
    const real = Math.fround((x - mean[c]) / std[c]);
    if (type === 'float32') return real;
    const steps = Math.fround(real / scale);
    const [min, max] = ranges[type];
    const rounded = Math.trunc(steps + Math.sign(steps) * 0.5);
    return Math.min(Math.max(rounded + zeroPoint, min), max);
  };
  return [0, 1, 2].map((c) => Array.from({ length: 256 }, (_, x) => element(x, c)));
}

/** Output elements as labels and probabilities, the likeliest first. */
export function classes({ labels, output: { scale = 1, zeroPoint = 0 } }, elements) {
  return labels
    .map((label, i) => ({ label, probability: scale * (elements[i] - zeroPoint) }))
    .sort((a, b) => b.probability - a.probability);
}
