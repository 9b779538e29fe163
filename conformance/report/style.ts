/** The style of pages: system fonts, light and dark, readable on a phone and on paper. */

/** What every page has. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --back: #fcfcfb; --card: #ffffff; --text: #1c1f23; --soft: #5a626b; --line: #d9dde2; --faint: #eef0f3;
  --equal: #10704f; --equal-back: #e2f3ec; --equal-bar: #2a9d78;
  --differs: #ad2312; --differs-back: #fde8e4; --differs-bar: #d8452f;
  --silent: #7a4a00; --silent-back: #fcf0d8; --silent-bar: #d99a1f;
  --absent: #5a626b; --absent-back: #f1f3f5; --absent-bar: #b9c0c8;
  --s0: #0b63a8; --s1: #c2500a; --s2: #0d7d5c; --s3: #9c3f82; --s4: #6b5700; --s5: #4b4fb8;
  --link: #0b57a0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171a; --card: #1b1f23; --text: #e6e9ec; --soft: #a3adb7; --line: #343b42; --faint: #252b30;
    --equal: #6fd6b0; --equal-back: #16342a; --equal-bar: #2fa37c;
    --differs: #ff9d8c; --differs-back: #451d17; --differs-bar: #dd5540;
    --silent: #f2c465; --silent-back: #3b2d10; --silent-bar: #c98d1c;
    --absent: #a3adb7; --absent-back: #22272c; --absent-bar: #59636d;
    --s0: #6db7f2; --s1: #f59b5b; --s2: #58cda6; --s3: #e39acd; --s4: #dcc653; --s5: #a9acff;
    --link: #84bdf5;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 1.75rem 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
p, ul { margin: .4rem 0; max-width: 50rem; }
p { overflow-wrap: anywhere; }
a { color: var(--link); }
.soft, caption, footer { color: var(--soft); font-size: .875rem; }
nav ul { max-width: none; list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.lead { font-size: 1.125rem; }
.scroll { overflow-x: auto; max-width: 100%; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); margin: .75rem 0; }
.scroll:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; min-width: 100%; }
caption { text-align: left; padding: .5rem .75rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem; border-top: 1px solid var(--faint); }
thead th { border-bottom: 1px solid var(--line); vertical-align: bottom; overflow-wrap: break-word; min-width: 4rem; max-width: 14rem; }
thead th.number { white-space: normal; }
tbody tr:first-child > * { border-top: 1px solid var(--line); }
th[scope=row], th[scope=rowgroup] { font-weight: 500; }
.number { text-align: right; white-space: nowrap; }
.text { overflow-wrap: anywhere; min-width: 16rem; max-width: 34rem; white-space: pre-line; }
pre, code { font: .8125rem/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; background: var(--faint); padding: .6rem .75rem; border-radius: .5rem; margin: .5rem 0; }
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; }
details { margin: .5rem 0; }
summary { cursor: pointer; padding: .25rem 0; overflow-wrap: anywhere; }
svg { display: block; }
.figure { padding: .5rem; width: fit-content; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .875rem; }
.legend li { display: flex; align-items: center; gap: .35rem; overflow-wrap: anywhere; }
svg text { font: 13px system-ui, sans-serif; fill: var(--text); font-variant-numeric: tabular-nums; }
svg .tick { fill: var(--soft); font-size: 12px; }
svg .grid { stroke: var(--line); }
svg .band { fill: var(--faint); }
svg .s0 { fill: var(--s0); stroke: var(--s0); } svg .s1 { fill: var(--s1); stroke: var(--s1); }
svg .s2 { fill: var(--s2); stroke: var(--s2); } svg .s3 { fill: var(--s3); stroke: var(--s3); }
svg .s4 { fill: var(--s4); stroke: var(--s4); } svg .s5 { fill: var(--s5); stroke: var(--s5); }
footer { margin-top: 3rem; padding-bottom: 2rem; }
@media (max-width: 46rem) { th, td { padding: .3rem .45rem; } .text { min-width: 12rem; } }
@media (min-width: 46rem) {
  th[scope=row], th[scope=rowgroup] { position: sticky; left: 0; background: var(--card); }
}
@media print { .scroll { overflow: visible; border: 0; } }
`;

/** A report's. */
export const style = `${pageStyle}
.verdict { white-space: nowrap; font-weight: 600; }
.verdict small { display: block; font-weight: 400; color: var(--soft); }
.verdict a { color: inherit; }
.v-equal { color: var(--equal); background: var(--equal-back); }
.v-differs { color: var(--differs); background: var(--differs-back); }
.v-no-answer { color: var(--silent); background: var(--silent-back); }
.v-not-run { color: var(--absent); background: var(--absent-back); font-weight: 400; }
.key { display: inline-block; padding: 0 .4rem; border-radius: .25rem; font-weight: 600; }
article { border: 1px solid var(--line); border-left: 4px solid var(--differs-bar); border-radius: .5rem; background: var(--card); padding: .25rem 1rem .75rem; margin: 1rem 0; }
article.no-answer { border-left-color: var(--silent-bar); }
article table { min-width: 18rem; }
article .scroll { width: fit-content; }
dl.keys { display: grid; gap: .25rem 1rem; margin: .75rem 0; }
.keys div { display: flex; flex-wrap: wrap; gap: 0 .75rem; }
.keys dt { min-width: 8.5rem; }
.keys dd { margin: 0; }
svg .bound { stroke: var(--differs-bar); stroke-width: 2; stroke-dasharray: 5 3; }
svg .bound-text { fill: var(--differs); font-size: 12px; font-weight: 600; }
svg .b-equal { fill: var(--equal-bar); } svg .b-differs { fill: var(--differs-bar); }
svg .b-no-answer { fill: var(--silent-bar); } svg .b-not-run { fill: var(--absent-bar); }
svg .mark { stroke-width: 1.5; }
svg .hollow { fill: var(--card); stroke-width: 2; }
@media (min-width: 46rem) { .matrix th[scope=row] { position: static; } }
@media print { article { break-inside: avoid; } }
`;
