/** Errors that are the user's to mend: the command prints their text alone and exits with 2. */

import type * as z from 'zod';

/** A file that cannot be used; the message begins with its name. */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** The message without the file's name. */
  readonly text: string;

  constructor(file: string, text: string, options?: ErrorOptions) {
    super(`${file}: ${text}`, options);
    this.text = text;
  }
}

/** A command line that asks for something that is not there. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A text may quote a file, whose keys and values may be of any length. */
const MAX_ISSUE_CHARACTERS = 300;

/** The place and text of the first thing that does not fit a schema. */
export function issueOf(error: z.ZodError): string {
  const [issue] = error.issues;
  const place =
    issue === undefined || issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
  const text = `${place}${issue?.message ?? 'Invalid'}`;
  return text.length <= MAX_ISSUE_CHARACTERS ? text : `${text.slice(0, MAX_ISSUE_CHARACTERS)}...`;
}
