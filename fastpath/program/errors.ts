/** What a Program must obey before its first run, with the text of each error. */

export const programRules = {
  // The image
  'program-size': (wanted: number, found: number) =>
    `Expected at least ${String(wanted)} bytes but found ${String(found)}`,
  magic: (found: number) =>
    `Expected a Program, which begins with "PLMB", but found 0x${found.toString(16)}`,
  version: (wanted: number, found: number) =>
    `Expected version ${String(wanted)} but found ${String(found)}`,
  'image-bytes': (declared: number, found: number) =>
    `Expected ${String(declared)} bytes, as the header says, but found ${String(found)}`,
  'memory-bytes': (limit: number, found: number) =>
    `Expected image and arena to take at most ${String(limit)} bytes but found ${String(found)}`,
  'step-table': (count: number, found: number) =>
    `Expected ${String(count)} steps inside the image but found their table at ${String(found)}`,
  'description-range': (found: number) =>
    `Expected the description inside the image but found it at ${String(found)}`,
  'description-bytes': (limit: number, found: number) =>
    `Expected a description of at most ${String(limit)} bytes but found ${String(found)}`,
  description: (found: string) => `Expected a valid description. ${found}`,
  work: (limit: number, found: number) =>
    `Expected at most ${String(limit)} multiply-accumulates but found ${String(found)}`,

  // A step
  kernel: (count: number, found: number) =>
    `Expected one of ${String(count)} kernels but found ${String(found)}`,
  extent: (field: string, min: number, max: number, found: number) =>
    `Expected ${field} in [${String(min)}, ${String(max)}] but found ${String(found)}`,
  stride: (field: string, wanted: string, found: number) =>
    `Expected ${field} to be ${wanted} but found ${String(found)}`,
  shape: (wanted: string, found: string) => `Expected ${wanted} but found ${found}`,
  'constant-pointer': (field: string, bytes: number, found: number) =>
    `Expected ${field}, ${String(bytes)} bytes, inside the image but found them at ${String(found)}`,
  'arena-pointer': (field: string, bytes: number, found: number) =>
    `Expected ${field}, ${String(bytes)} bytes, inside the arena but found them at ${String(found)}`,
  'activation-pointer': (field: string, bytes: number, found: number) =>
    `Expected ${field}, ${String(bytes)} bytes, inside arena or image but found them at ${String(found)}`,

  // The description
  'tensor-range': (bytes: number, found: number) =>
    `Expected ${String(bytes)} bytes inside arena or image but found them at ${String(found)}`,
  'tensor-stride': (channels: number, found: number) =>
    `Expected a stride of at least ${String(channels)} but found ${String(found)}`,
  'tensor-bytes': (limit: number, found: number) =>
    `Expected outputs and intermediates of at most ${String(limit)} bytes in all but found ${String(found)}`,
  'tensor-steps': (previous: number, count: number, found: number) =>
    `Expected to be complete after ${String(previous)} to ${String(count)} steps but found ${String(found)}`,
  labels: (classes: number, found: number) =>
    `Expected ${String(classes)} labels or none but found ${String(found)}`,
  image: (wanted: string, found: string) =>
    `Expected an image input with ${wanted} but found ${found}`,

  // The kernels
  'kernel-export': (name: string) => `Expected the kernels to export "${name}"`,
  'kernel-base': (base: number, found: number) =>
    `Expected the kernels' own data to end below ${String(base)} but found ${String(found)}`,
} satisfies Record<string, (...values: never[]) => string>;

export type ProgramRule = keyof typeof programRules;

/** A Program, or kernels, that break a rule: `rule` names it, `subject` what breaks it. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly rule: ProgramRule;
  readonly subject: string;

  constructor(rule: ProgramRule, subject: string, text: string) {
    super(`${subject}: ${text}`);
    this.rule = rule;
    this.subject = subject;
  }
}

export function refuse<R extends ProgramRule>(
  rule: R,
  subject: string,
  ...values: Parameters<(typeof programRules)[R]>
): never {
  const text = programRules[rule] as (...found: Parameters<(typeof programRules)[R]>) => string;
  throw new ProgramError(rule, subject, text(...values));
}
