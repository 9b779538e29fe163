/**
 * The error of an invalid graph. Every text is in `validate/rules.ts`, one per rule.
 *
 * Elsewhere a wrong type is a `TypeError` and a wrong value a `RangeError`.
 */
export class GraphError extends Error {
  override readonly name = 'GraphError';
  /** The broken rule: a key of `rules`. */
  readonly rule: string;
  /** What broke it: a tensor, an operator or the graph. */
  readonly subject: string;

  constructor(rule: string, subject: string, text: string) {
    super(`${subject}: ${text}`);
    this.rule = rule;
    this.subject = subject;
  }
}
