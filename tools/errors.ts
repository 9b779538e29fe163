/** Errors that are the user's to mend: the command prints their text alone and exits with 2. */

/** A file that cannot be used; the text begins with its name. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(file: string, text: string, options?: ErrorOptions) {
    super(`${file}: ${text}`, options);
  }
}

/** A command line that asks for something that is not there. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
