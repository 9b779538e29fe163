/**
 * A page that stands alone: no script, nothing from elsewhere, no style beyond its own (a Content-Security-Policy in the
 * page itself says so).
 */

import { createHash } from 'node:crypto';
import { markup, Markup, type Content } from './text.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

export interface PageParts {
  readonly title: string;
  readonly style: string;
  readonly heading: string;
  /** Below the heading. */
  readonly lead: Content;
  /** In the order of the contents. */
  readonly sections: readonly Section[];
  readonly footer: Content;
}

/** The whole file. Equal parts give equal bytes. */
export function renderPage({ title, style, heading, lead, sections, footer }: PageParts): string {
  const policy = `default-src 'none'; style-src 'sha256-${digest(style)}'; base-uri 'none'; form-action 'none'`;
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${new Markup(`<style>${style}</style>`)}
      </head>
      <body>
        <header>
          <h1>${heading}</h1>
          ${lead}
          <nav aria-label="Sections">
            <ul>
              ${sections.map((each) => markup`<li><a href="#${each.id}">${each.title}</a></li>`)}
            </ul>
          </nav>
        </header>
        <main>${sections.map(({ content }) => content)}</main>
        <footer>
          <p>
            ${footer}
          </p>
        </footer>
      </body>
    </html>
`;
  return page.text;
}

export function section(id: string, title: string, content: Content): Section {
  return {
    id,
    title,
    content: markup`<section id="${id}">
      <h2>${title}</h2>
      ${content}
    </section>`,
  };
}

/** A table that scrolls by itself on a narrow screen; the keyboard reaches it. */
export function table(
  caption: string,
  heading: readonly (string | Markup)[],
  bodies: Content,
  kind = '',
): Markup {
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
    <table class="${kind}">
      <caption>${caption}</caption>
      <thead>
        <tr>
          ${heading.map((cell) =>
            cell instanceof Markup ? cell : markup`<th scope="col">${cell}</th>`,
          )}
        </tr>
      </thead>
      ${bodies}
    </table>
  </div>`;
}

/** The heading of a column of numbers. */
export function numbers(title: string): Markup {
  return markup`<th scope="col" class="number">${title}</th>`;
}

export function number(value: string | number): Markup {
  return markup`<td class="number">${value}</td>`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
