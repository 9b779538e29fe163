/** What a Program says of itself: the JSON that its header's `description` points at. */

/** A tensor at an address of the wasm memory. Pixels (all axes but the last) are `stride` elements apart. */
export interface ProgramTensor {
  readonly name: string;
  readonly type: 'float32' | 'int16' | 'int8' | 'uint8';
  readonly shape: readonly number[];
  /** real = scale * (code - zeroPoint); absent for float32 and where only integers are known. */
  readonly scale?: number;
  readonly zeroPoint?: number;
  readonly address: number;
  readonly stride: number;
}

export interface ProgramIntermediate extends ProgramTensor {
  /** How many steps have run when it is complete. */
  readonly steps: number;
}

export interface ProgramImage {
  /** Order of the input's channels. */
  readonly channels: 'rgb' | 'bgr';
  /**
   * The part of the covered extent that is kept, in [0.1, 1]: the image is resized with its proportions kept and its
   * centre cut out. Absent where the whole image is resized whatever its proportions.
   */
  readonly crop?: number;
  /** Address of three tables of 256 input elements, one per channel of the tensor. */
  readonly tables: number;
  /** Address of the workspace of the resize. */
  readonly workspace: number;
}

export interface ProgramDescription {
  readonly name: string;
  readonly precision: 'float32' | 'int16' | 'int8';
  readonly inputs: readonly ProgramTensor[];
  readonly outputs: readonly ProgramTensor[];
  /** One per operator of the graph whose output is whole in the arena at its time, in the graph's order. */
  readonly intermediates: readonly ProgramIntermediate[];
  /** One per class, or none. */
  readonly labels: readonly string[];
  /** Where the input is an image: how its pixels become elements. */
  readonly image?: ProgramImage;
}
