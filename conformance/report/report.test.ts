/** What a report says, and that nothing of a back end's gets out of its place in it. */

import { describe, expect, it } from 'vitest';
import { literal } from './counterexample.ts';
import { isMet, quoted, replayCommand } from './data.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { parseMutants } from './mutants.ts';
import { example, hostile, withMutants } from './test/data.ts';
import { expectNothingFromElsewhere, expectWellFormed } from './test/markup.ts';
import { codeBlock, codeSpan, visible } from './text.ts';

describe('The page', () => {
  const page = renderHtml(withMutants);

  it('is the same for the same data', () => {
    expect(renderHtml(withMutants)).toBe(page);
  });

  it('needs nothing from elsewhere and lets nothing else in', () => {
    const targets = expectNothingFromElsewhere(page);
    expect(targets.filter((to) => !to.startsWith('#'))).toEqual([
      'data:application/octet-stream;base64,AAAA',
    ]);
  });

  it('closes every element that it opens, and has each id once', () => {
    expectWellFormed(page);
  });

  it('escapes what back ends say', () => {
    expect(page).not.toContain(hostile);
    expect(page).toContain('&lt;/style&gt;&lt;script&gt;alert(1)');
    expect(page).toContain('\\u{202e}\\u{0}');
    expect(page).not.toMatch(/[\u202e\0]/);
    expect(page).toContain('i32.add &lt;b&gt;');
  });

  it('tells the verdict, the reason, the case and the command', () => {
    for (const text of [
      '✓ equal',
      '0.0321 of bound',
      '300 compared',
      'after 7 equal',
      'input Int8Array [1, 2, 1, 1]',
      'Expected results within 5 s but found none',
      '--backend &#39;./it&#39;\\&#39;&#39;s mine.ts&#39; --operator averagePool --precision int8 --runs 300 --seed 7',
      'M1 the sum -1 by 2',
      '98.0 %',
    ]) {
      expect(page).toContain(text);
    }
  });

  it('does not call right what has run nothing', () => {
    const idle = {
      name: 'idle',
      argument: 'idle',
      results: [
        {
          kind: 'add',
          precision: 'int8',
          compared: 0,
          notRun: 300,
          refusal: 'Expected less',
          uncompared: 0,
          worst: 0,
          milliseconds: 1,
        },
      ],
    } as const;
    const told = renderHtml({
      ...example,
      backends: [example.backends[0], idle].flatMap((b) => b ?? []),
    });
    expect(told).toMatch(/Nothing differs in what <strong>right<\/strong> computed\./);
    expect(told).toMatch(/Nothing was run on <strong>idle<\/strong>\./);
    expect([isMet(idle), isMet({ ...idle, results: [] })]).toEqual([false, false]);
  });

  it('heads every table with a caption and every column with its scope', () => {
    const tables = page.match(/<table/g)?.length ?? 0;
    expect(tables).toBeGreaterThan(4);
    expect(page.match(/<caption>/g)).toHaveLength(tables);
    expect(page).not.toMatch(/<th(?![^>]*scope=)[ >]/);
  });

  it('leaves out sections that it has no data of', () => {
    expect(renderHtml(example)).not.toContain('id="mutants"');
    const bare = { ...example, backends: [] };
    expect(renderHtml(bare)).toContain('None was found');
    expect(renderMarkdown(bare)).not.toContain('## Counterexamples');
  });
});

describe('The Markdown', () => {
  const text = renderMarkdown(withMutants);

  it('keeps what back ends say in code, on the row that it is in', () => {
    const fences = /^(`{3,})text\n[^]*?\n\1$/gm;
    const rest = text.replace(fences, '').replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
    expect(rest).not.toMatch(/script|onload|http/);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    for (const row of rows) expect([5, 10]).toContain(row.split('|').length - 1);
  });

  it('tells verdicts and the smallest case', () => {
    expect(text).toContain('| conv2d | float32 | equal, 300, 0.0321 | equal, 300, 0.0321 |');
    expect(text).toContain('| averagePool | int8 |  | **differs**, 7 |');
    expect(text).toContain('averagePool int8\n  size [2, 1]\ninput Int8Array [1, 2, 1, 1]\n  -2');
    expect(text).toContain('98.0 % of 100 changes');
  });
});

describe('A text', () => {
  it('shows every character', () => {
    expect(visible('a\u0000\u200b\ud800\n\u2028b')).toBe('a\\u{0}\\u{200b}\\u{d800}\n\\u{2028}b');
    expect(visible('x'.repeat(10), 4)).toBe('xxxx ... 6 more characters');
  });

  it('is fenced by more than it holds', () => {
    expect(codeSpan('a ``b`` | c\nd')).toBe('```a ``b`` \\u{7c} c d```');
    expect(codeSpan('`a')).toBe('`` `a ``');
    expect(codeBlock('````')).toBe('`````text\n````\n`````');
  });

  it('of a value is the value’s', () => {
    expect(literal({ limits: [-0, Infinity, NaN] })).toBe('{ limits: [-0, Infinity, NaN] }');
  });

  it('of a command is one argument to a shell', () => {
    expect(quoted('./a-b.ts')).toBe('./a-b.ts');
    expect(quoted("a'; rm -rf $HOME")).toBe("'a'\\''; rm -rf $HOME'");
    expect(quoted('-rf')).toBe("'-rf'");
    expect(
      replayCommand(example, { argument: 'fastpath' }, { kind: 'add', precision: 'int8' }),
    ).toBe(
      'npx plumbline conformance --backend fastpath --operator add --precision int8 --runs 300 --seed 7',
    );
  });
});

describe('A mutation score', () => {
  const { mutants } = withMutants;

  it('is read with what npm prints before it', () => {
    const printed = `\n> plumbline@0.1.0 mutants\n> node run.ts --json\n\n${JSON.stringify({ ...mutants, refuted: [] }, undefined, 2)}\n`;
    expect(parseMutants('m.json', printed)).toEqual(mutants);
  });

  it.each(['', '{}', '[1', '{"score": 2}'])('is refused where it is none: %j', (text) => {
    expect(() => parseMutants('m.json', text)).toThrow(
      /^m\.json: Expected JSON of npm run mutants\. /,
    );
  });
});
