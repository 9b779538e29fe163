/** A report as one page. */

import { bars, errorChart, type Bar } from './charts.ts';
import { caseLines, differingPlaces, literal, outputLines } from './counterexample.ts';
import {
  coverageOf,
  propertiesOf,
  quoted,
  reasonOf,
  replayCommand,
  resultOf,
  secondsText,
  shareText,
  sum,
  titleOf,
  isMet,
  verdictOf,
  verdicts,
  type BackendReport,
  type MutationScore,
  type PropertyKey,
  type ReportData,
  type ReportFailure,
  type ReportResult,
  type Verdict,
} from './data.ts';
import { number, numbers, renderPage, section, table } from './page.ts';
import { style } from './style.ts';
import { markup, visible, type Content, type Markup } from './text.ts';

const signs: Readonly<Record<Verdict, string>> = {
  equal: '✓',
  differs: '✗',
  'no answer': '…',
  'not run': '–',
};

const meanings: Readonly<Record<Verdict, string>> = {
  equal: 'every case that it runs gives the reference’s bits, or is within the bound of float32',
  differs: 'a case gives something else, or throws',
  'no answer': 'it did not come back in time, or took its thread with it',
  'not run': 'it has no such operator in this precision',
};

/** Elements of a counterexample's output that are listed one by one. */
const MAX_ELEMENTS = 50;
/** Survivors of the mutants that are listed. */
const MAX_SURVIVORS = 50;

/** The page. Equal data give equal bytes. */
export function renderHtml(data: ReportData): string {
  const sections = [
    section('summary', 'Summary', summary(data)),
    section('verdicts', 'Verdicts', matrix(data)),
    section('counterexamples', 'Counterexamples', counterexamples(data)),
    section('errors', 'Errors and their bounds', errors(data)),
    section('coverage', 'What the cases cover', coverage(data)),
    data.mutants && section('mutants', 'Bugs that the suite finds', mutation(data.mutants)),
    section('results', 'All results', results(data)),
  ].filter((each) => each !== undefined);
  const names = data.backends.map(titleOf).join(', ');
  return renderPage({
    title: `Conformance of ${visible(names, 200)}`,
    style,
    heading: 'Conformance to the Plumbline reference',
    lead: markup`${lead(data)}
      <p class="soft">
        ${data.runs} cases of each property, seed ${data.seed}. Plumbline ${data.version},
        ${data.platform},
        <time datetime="${data.created}">${data.created.slice(0, 16).replace('T', ' ')} UTC</time>.
      </p>`,
    sections,
    footer: markup`Written by <code>plumbline conformance report</code>. The reference’s rules are in
      reference/SEMANTICS.md, the bounds in conformance/tolerances.ts.`,
  });
}

function lead({ backends }: ReportData): Markup {
  const wrong = backends.filter(({ results }) => countOf(results, 'differs') > 0);
  const silent = backends.filter(({ results }) => countOf(results, 'no answer') > 0);
  const right = backends.filter(isMet);
  const idle = backends.filter(({ results }) =>
    results.every((result) => verdictOf(result) === 'not run'),
  );
  const named = (some: readonly BackendReport[]): Content =>
    some.map((backend, i) => markup`${i === 0 ? '' : ', '}<strong>${titleOf(backend)}</strong>`);
  return markup`<p class="lead">
    ${[
      right.length === 0 ? '' : markup`Nothing differs in what ${named(right)} computed. `,
      wrong.length === 0 ? '' : markup`Counterexamples were found of ${named(wrong)}. `,
      silent.length === 0 ? '' : markup`No answer in time from ${named(silent)}. `,
      idle.length === 0 ? '' : markup`Nothing was run on ${named(idle)}.`,
    ]}
  </p>`;
}

function countOf(results: readonly ReportResult[], verdict: Verdict): number {
  return results.filter((result) => verdictOf(result) === verdict).length;
}

function verdictClass(verdict: Verdict): string {
  return `v-${verdict.replace(' ', '-')}`;
}

function summary(data: ReportData): Content {
  const chart = bars(
    'Verdicts of each back end',
    'properties: operator × precision',
    data.backends.map((backend): Bar => ({
      label: titleOf(backend),
      parts: verdicts.map((verdict) => [
        `b-${verdict.replace(' ', '-')}`,
        verdict,
        countOf(backend.results, verdict),
      ]),
    })),
  );
  const rows = data.backends.map(({ results, ...backend }) => {
    const total = (of: (result: ReportResult) => number): number => sum(results.map(of));
    return markup`<tr>
      <th scope="row">${titleOf({ results, ...backend })}</th>
      ${verdicts.map((verdict) => number(countOf(results, verdict)))}
      ${number(total(({ compared }) => compared))}${number(total(({ notRun }) => notRun))}${number(total(({ uncompared }) => uncompared))}${number(secondsText(total(({ milliseconds }) => milliseconds)))}
    </tr>`;
  });
  return markup`<dl class="keys">
      ${verdicts.map(
        (verdict) =>
          markup`<div>
            <dt><span class="key ${verdictClass(verdict)}">${signs[verdict]} ${verdict}</span></dt>
            <dd>${meanings[verdict]}</dd>
          </div>`,
      )}
    </dl>
    ${chart}
    ${table(
      'Properties by verdict; cases and elements over all properties',
      [
        'back end',
        ...[
          ...verdicts,
          'cases compared',
          'cases not run',
          'elements no rule compares',
          'time',
        ].map(numbers),
      ],
      markup`<tbody>
        ${rows}
      </tbody>`,
    )}`;
}

function matrix(data: ReportData): Content {
  const keys = propertiesOf(data);
  const kinds = [...new Set(keys.map(({ kind }) => kind))];
  const bodies = kinds.map((kind) => {
    const own = keys.filter((key) => key.kind === kind);
    return markup`<tbody>
      ${own.map(
        (key, row) =>
          markup`<tr>
            ${row === 0 ? markup`<th scope="rowgroup" rowspan="${own.length}">${kind}</th>` : ''}
            <th scope="row">${key.label}</th>
            ${data.backends.map((backend, position) => cell(backend, position, key))}
          </tr>`,
      )}
    </tbody>`;
  });
  return markup`<p>
      Each cell: the verdict, the cases that were compared, and how near to its bound the largest
      error came, where it has one.
    </p>
    ${table('Verdict by operator, precision and back end', ['operator', 'precision', ...data.backends.map(titleOf)], bodies, 'matrix')}`;
}

function cell(backend: BackendReport, position: number, key: PropertyKey): Markup {
  const result = resultOf(backend, key);
  if (result === undefined) return markup`<td></td>`;
  const verdict = verdictOf(result);
  const text = `${signs[verdict]} ${verdict}`;
  const linked = result.failure !== undefined || result.stopped !== undefined;
  const shown = linked ? markup`<a href="#${anchor(position, key)}">${text}</a>` : text;
  const { compared, worst, notRun } = result;
  const details = [
    result.failure !== undefined ? `after ${String(compared)} equal` : '',
    compared > 0 && !linked ? `${String(compared)} compared` : '',
    compared > 0 && notRun > 0 ? `${String(notRun)} not run` : '',
    worst > 0 ? `${shareText(worst)} of bound` : '',
  ].filter((detail) => detail !== '');
  return markup`<td class="verdict ${verdictClass(verdict)}" data-backend="${backend.name}" data-property="${key.kind} ${key.label}">${shown}${details.map((detail) => markup`<small>${detail}</small>`)}
  </td>`;
}

function anchor(position: number, { kind, label }: PropertyKey): string {
  return `case-${String(position)}-${kind}-${label.replace(/\W+/g, '-')}`;
}

function counterexamples(data: ReportData): Content {
  const articles = data.backends.flatMap((backend, position) =>
    propertiesOf(data).flatMap((key) => {
      const result = resultOf(backend, key);
      if (result?.failure !== undefined) {
        return [counterexample(data, backend, key, anchor(position, key), result, result.failure)];
      }
      if (result?.stopped === undefined) return [];
      return [
        markup`<article class="no-answer" id="${anchor(position, key)}">
          <h3>${titleOf(backend)}: ${key.kind} ${key.label}</h3>
          <p>${visible(result.stopped)}</p>
          ${command(replayCommand(data, backend, key))}
        </article>`,
      ];
    }),
  );
  if (articles.length === 0) return markup`<p>None was found.</p>`;
  return markup`<p>The smallest case of each property that differs, in full.</p>
    ${articles}`;
}

function counterexample(
  data: ReportData,
  backend: BackendReport,
  key: PropertyKey,
  id: string,
  { compared }: ReportResult,
  failure: ReportFailure,
): Markup {
  const { failing, text, output, explanation, file } = failure;
  const name = `${key.kind}-${key.precision}-${String(data.seed)}.case`;
  const link = markup`<a download="${name}" href="data:application/octet-stream;base64,${file ?? ''}">${name}</a>`;
  return markup`<article id="${id}">
    <h3>${titleOf(backend)}: ${key.kind} ${key.label}</h3>
    <p>${visible(text)}</p>
    <pre>${caseLines(failing).join('\n')}</pre>
    ${output === undefined ? '' : elements(failure)}
    ${
      explanation === undefined
        ? ''
        : markup`<details>
            <summary>How the reference arrives at it</summary>
            <pre class="wrap">${explanation}</pre>
          </details>`
    }
    <p class="soft">Found after ${compared} equal cases. Again:</p>
    ${command(replayCommand(data, backend, key))}
    ${file === undefined ? '' : markup`<p class="soft">This case alone: save ${link}, then <code>plumbline conformance --backend ${visible(quoted(backend.argument))} --replay ${name}</code></p>`}
  </article>`;
}

function command(text: string): Markup {
  return markup`<pre class="wrap">${visible(text)}</pre>`;
}

function elements(failure: ReportFailure): Markup {
  const { output, violation } = failure;
  const places = differingPlaces(failure);
  const rows = places.slice(0, MAX_ELEMENTS).map((index) => {
    const bound = index === violation?.index ? literal(violation.bound) : '';
    return markup`<tr>
      <th scope="row" class="number">${index}</th>
      ${number(literal(output?.expected[index]))}${number(literal(output?.found[index]))}${number(bound)}
    </tr>`;
  });
  const more = places.length - rows.length;
  return markup`${table(
    `Elements of the output that are not the same: ${String(places.length)} of ${String(output?.expected.length ?? 0)}${more > 0 ? `, the first ${String(rows.length)}` : ''}`,
    ['element', 'expected', 'found', 'may differ by'].map(numbers),
    markup`<tbody>
        ${rows}
      </tbody>`,
  )}
    <details>
      <summary>The whole output</summary>
      <pre>${outputLines(failure).join('\n')}</pre>
    </details>`;
}

function errors(data: ReportData): Content {
  const chart = errorChart(data);
  if (chart === undefined) {
    return markup`<p>No operator was compared that has a bound: all bits have to be equal.</p>`;
  }
  return markup`<p>
      Where float32 operators sum, a right kernel may round otherwise than the reference: within a
      bound that is derived, not measured. A mark far to the left says that the bound is slack for
      what was drawn, one near the line that it is tight. All other outputs have to be equal in
      every bit.
    </p>
    ${chart}`;
}

function coverage(data: ReportData): Content {
  const ran = (backend: BackendReport): readonly ReportResult[] =>
    backend.results.filter(({ compared }) => compared > 0);
  if (!data.backends.some((backend) => ran(backend).some((r) => coverageOf(r).possible > 0))) {
    return markup`<p>Not recorded.</p>`;
  }
  const rows = data.backends.map((backend): Bar => {
    const counts = ran(backend).map(coverageOf);
    const reached = sum(counts.map((each) => each.reached));
    const possible = sum(counts.map((each) => each.possible));
    return {
      label: titleOf(backend),
      parts: [
        ['b-equal', 'reached', reached],
        ['b-not-run', 'not reached', possible - reached],
      ],
    };
  });
  const keys = propertiesOf(data);
  const body = keys.map((key) => {
    const cells = data.backends.map((backend) => {
      const result = resultOf(backend, key);
      if (result === undefined || result.compared === 0) return markup`<td></td>`;
      const { reached, possible } = coverageOf(result);
      return number(`${String(reached)} of ${String(possible)}`);
    });
    return markup`<tr>
      <th scope="row">${key.kind} ${key.label}</th>
      ${cells}
      <td class="text">${missingText(data, key)}</td>
    </tr>`;
  });
  return markup`<p>
      Kernels break at certain sizes and values: around a tile, at ties, at the limits of
      accumulators. Such categories are counted in the cases that were compared; the first part of a
      bar are those that were reached.
    </p>
    ${bars('Categories reached by each back end', 'categories × properties that ran', rows)}
    <details>
      <summary>By property, with the categories that no back end’s cases reached</summary>
      ${table(
        'Categories reached, of those that such cases can have',
        ['property', ...data.backends.map((backend) => numbers(titleOf(backend))), 'not reached'],
        markup`<tbody>
          ${body}
        </tbody>`,
      )}
    </details>`;
}

/** What no back end reached. */
function missingText({ backends }: ReportData, key: PropertyKey): string {
  const lists = backends.flatMap((backend) => {
    const result = resultOf(backend, key);
    return result === undefined || result.compared === 0 ? [] : [coverageOf(result).missing];
  });
  const [first = [], ...others] = lists;
  return first.filter((name) => others.every((list) => list.includes(name))).join('; ');
}

function mutation(mutants: MutationScore): Content {
  const { variant, total, score, kernels, survivors, seed, sites, mutations, cases, seconds } =
    mutants;
  const killed = ({ wrong, trap, timeout, guard }: MutationScore['total']): number =>
    wrong + trap + timeout + guard;
  const rows = Object.entries(kernels).map(([label, counts]): Bar => ({
    label,
    parts: [
      ['b-equal', 'found', killed(counts)],
      ['b-not-run', 'proven to change nothing', counts.equivalent],
      ['b-differs', 'not found', counts.survived],
    ],
  }));
  const body = [...Object.entries(kernels), ['all', total] as const].map(
    ([label, counts]) =>
      markup`<tr>
        <th scope="row">${label}</th>
        ${number(counts.mutants)}${number(killed(counts))}${number(counts.equivalent)}${number(counts.survived)}
      </tr>`,
  );
  const shown = survivors.slice(0, MAX_SURVIVORS);
  return markup`<p class="lead">
      <strong>${(100 * score).toFixed(1)} %</strong> of ${total.mutants - total.equivalent} changes
      to the compiled kernels that matter are found.
    </p>
    <p class="soft">
      One instruction of the ${variant} kernels changed at a time: ${total.mutants} drawn with seed ${seed} of ${mutations} at
      ${sites} sites, ${cases} cases a kernel, ${seconds.toFixed(0)} s.
    </p>
    ${bars('Changes by kernel: found, proven to change nothing, not found', 'changes', rows)}
    ${table(
      'Changes by kernel',
      ['kernel', ...['changes', 'found', 'proven to change nothing', 'not found'].map(numbers)],
      markup`<tbody>
        ${body}
      </tbody>`,
    )}
    ${
      shown.length === 0
        ? ''
        : markup`<details>
            <summary>
              ${survivors.length} not
              found${survivors.length > shown.length ? `, the first ${String(shown.length)}` : ''}
            </summary>
            ${shown.map(
              ({ kernels: names, context }) =>
                markup`<h3>${visible(names.join(', '), 200)}</h3>
                  <pre>${context.join('\n')}</pre>`,
            )}
          </details>`
    }`;
}

function results(data: ReportData): Content {
  return data.backends.map((backend) => {
    const rows = propertiesOf(data).flatMap((key) => {
      const result = resultOf(backend, key);
      return result === undefined ? [] : [resultRow(data, backend, key, result)];
    });
    return markup`<details>
      <summary>
        ${titleOf(backend)}: ${backend.results.length} properties, seed ${data.seed}
      </summary>
      ${table(
        `${titleOf(backend)}, seed ${String(data.seed)}, ${String(data.runs)} cases of each`,
        [
          'property',
          'verdict',
          ...['compared', 'not run', 'not comparable', 'worst of bound', 'time'].map(numbers),
          'why',
          'again',
        ],
        markup`<tbody>
          ${rows}
        </tbody>`,
      )}
    </details>`;
  });
}

function resultRow(
  data: ReportData,
  backend: BackendReport,
  key: PropertyKey,
  result: ReportResult,
): Markup {
  const verdict = verdictOf(result);
  const { compared, notRun, uncompared, worst, milliseconds } = result;
  return markup`<tr>
    <th scope="row">${key.kind} ${key.label}</th>
    <td class="verdict ${verdictClass(verdict)}">${signs[verdict]} ${verdict}</td>
    ${number(compared)}${number(notRun)}${number(uncompared)}${number(compared === 0 ? '' : shareText(worst))}${number(secondsText(milliseconds))}
    <td class="text">${visible(reasonOf(result), 500)}</td>
    <td class="text"><code>${visible(replayCommand(data, backend, key))}</code></td>
  </tr>`;
}
