/** What a value of a description is found to be instead of what its schema asks for, as text. */

import type * as z from 'zod/mini';

/** A description may hold keys and values of any length. */
const MAX_CHARACTERS = 40;

/**
 * The text of an issue. zod's own follow a configuration that all of a process shares, and say nothing without it.
 */
export function issueText(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `Expected ${article(issue.expected)} but found ${kindOf(issue.input)}`;
    case 'invalid_value':
      return `Expected one of ${issue.values.map(String).join(', ')} but found ${shown(issue.input)}`;
    case 'too_small': {
      const bound = issue.inclusive === false ? 'more than' : 'at least';
      return `Expected ${bound} ${String(issue.minimum)} but found ${sizeOf(issue.input)}`;
    }
    case 'too_big':
      return `Expected at most ${String(issue.maximum)} but found ${sizeOf(issue.input)}`;
    case 'unrecognized_keys':
      return `Expected no key ${shown(issue.keys[0])} but found one`;
    default:
      return `Expected a valid value but found ${shown(issue.input)}`;
  }
}

function article(type: string): string {
  const name = type === 'int' ? 'integer' : type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'none';
  if (value === null || typeof value === 'number') return String(value);
  return article(Array.isArray(value) ? 'array' : typeof value);
}

/** Of a list, its length. */
function sizeOf(value: unknown): string {
  return Array.isArray(value) ? String(value.length) : shown(value);
}

function shown(value: unknown): string {
  const text =
    typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : kindOf(value);
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}...`;
}
