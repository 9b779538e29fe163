/**
 * Texts that may hold anything, made safe for a page or for Markdown.
 *
 * First what is not seen, or changes how the rest is seen (control characters, marks of direction, lone surrogates), is
 * written as an escape; then each format escapes what it gives a meaning.
 */

/** Longer texts are cut: an error message may be of any length. */
const MAX_CHARACTERS = 4000;

const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text in which every character shows; line feeds stay. */
export function visible(text: string, limit = MAX_CHARACTERS): string {
  const more = text.length > limit ? ` ... ${String(text.length - limit)} more characters` : '';
  const shown = text
    .slice(0, limit)
    .replace(HIDDEN, (character) =>
      character === '\n' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
  return shown + more;
}

/** HTML that is safe to insert as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | readonly Content[];

/**
 * HTML or SVG whose inserted strings are escaped, in elements and in quoted attributes; lists are joined. Indentation of
 * the template itself is left out.
 */
export function markup(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const parts = strings.map((string, i) => {
    const content = i < contents.length ? rendered(contents[i] ?? '') : '';
    return string.replace(/\n\s*/g, '\n') + content;
  });
  return new Markup(parts.join(''));
}

function rendered(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escapeHtml(content);
  return content.map(rendered).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return visible(text, Infinity).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** A text in Markdown, as code on one line, also in a table. */
export function codeSpan(text: string): string {
  const line = visible(text).replaceAll('\n', ' ').replaceAll('|', '\\u{7c}').trim();
  if (line === '') return '';
  const fence = '`'.repeat(longestRun(line) + 1);
  // One space on either side is not part of the code.
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** Lines in Markdown, as a block of code. */
export function codeBlock(text: string): string {
  const shown = visible(text, Infinity);
  const fence = '`'.repeat(Math.max(longestRun(shown) + 1, 3));
  return `${fence}text\n${shown}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
}
