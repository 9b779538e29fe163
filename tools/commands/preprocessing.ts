/** How an image becomes a model's input: what its file says, and flags for all that it does not. */

import type { Preprocessing } from '../../reference/index.ts';
import { UsageError } from '../errors.ts';

export interface PreprocessingFlags {
  readonly mean?: string;
  readonly std?: string;
  readonly channels?: Preprocessing['channels'];
  readonly resize?: Preprocessing['resize'];
  readonly crop?: string;
}

const wordings = {
  mean: '--mean R,G,B',
  std: '--std R,G,B',
  channels: '--channels rgb|bgr',
  resize: '--resize squash|cover',
} as const;

/**
 * The preprocessing of a model. Flags come before what the file says (`rule`); mean and deviation go together. What
 * neither says is never guessed.
 *
 * @throws {FileError} where the file should say it and does not, and not all is given
 * @throws {UsageError} naming the flags that are missing, or one that is none
 */
export function readPreprocessing(
  path: string,
  rule: () => Partial<Preprocessing>,
  flags: PreprocessingFlags,
): Preprocessing {
  const needed = (['mean', 'std', 'channels', 'resize'] as const).some(
    (name) => flags[name] === undefined,
  );
  const said = needed ? rule() : {};
  const given = flags.mean !== undefined || flags.std !== undefined;
  const mean = flags.mean === undefined ? (given ? undefined : said.mean) : triple('mean', flags);
  const std = flags.std === undefined ? (given ? undefined : said.std) : triple('std', flags);
  const channels = flags.channels ?? said.channels;
  const resize = flags.resize ?? said.resize;
  if (mean === undefined || std === undefined || channels === undefined || resize === undefined) {
    const found = { mean, std, channels, resize };
    const missing = (Object.keys(wordings) as (keyof typeof wordings)[])
      .filter((name) => found[name] === undefined)
      .map((name) => wordings[name]);
    throw new UsageError(
      `${path}: Expected preprocessing as ${missing.join(' and ')}, since the file does not say it`,
    );
  }
  const { crop } = flags;
  if (resize === 'squash') {
    if (crop === undefined) return { resize, channels, mean, std };
    throw new UsageError(`Expected --crop with --resize cover but found ${resize}`);
  }
  return { resize, crop: crop === undefined ? 1 : part(crop), channels, mean, std };
}

function triple(name: 'mean' | 'std', flags: PreprocessingFlags): [number, number, number] {
  const text = flags[name] ?? '';
  const numbers = text.split(',').map(numberOf);
  const [r, g, b] = numbers;
  if (r === undefined || g === undefined || b === undefined || numbers.length > 3) {
    throw new UsageError(`Expected --${name} with three numbers but found ${text}`);
  }
  const positive = name === 'mean' || numbers.every((each) => each > 0);
  if (!numbers.every(Number.isFinite) || !positive) {
    const wanted = name === 'mean' ? 'three numbers' : 'three numbers greater than 0';
    throw new UsageError(`Expected --${name} with ${wanted} but found ${text}`);
  }
  return [r, g, b];
}

function part(text: string): number {
  const crop = numberOf(text);
  if (crop >= 0.1 && crop <= 1) return crop;
  throw new UsageError(`Expected --crop with a number in [0.1, 1] but found ${text}`);
}

const numberOf = (text: string): number => (text.trim() === '' ? NaN : Number(text));
