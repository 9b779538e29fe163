/** The style of an inspection's page. */

import { pageStyle } from '../../conformance/report/style.ts';

export const style = `${pageStyle}
.blue { fill: var(--s0); } .orange { fill: var(--s1); } .green { fill: var(--s2); } .purple { fill: var(--s3); } .grey { fill: var(--absent-bar); }
svg .soft { fill: var(--soft); font-size: 12px; }
svg .axis { stroke: var(--soft); fill: none; }
svg .halo { paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
svg .corner { fill: var(--soft); font-style: italic; }
svg .track { fill: var(--faint); }
svg .outline { stroke: var(--s1); stroke-width: 1.5; fill: none; }
.network tbody td, .network tbody th { border: 0; vertical-align: middle; white-space: nowrap; padding-top: 0; padding-bottom: 0; line-height: 1.75rem; }
.network tbody tr:nth-child(even) > * { background: var(--faint); }
.network .drawn { padding: 0 0 0 .5rem; }
.network .track { fill: var(--line); }
.flow { height: 1.75rem; width: auto; }
.flow .way { stroke: var(--soft); stroke-width: 1.5; fill: none; }
.flow .sum { fill: var(--card); stroke: var(--text); stroke-width: 1.5; }
.flow .plus { stroke: var(--text); stroke-width: 1.5; }
.flow .ends { fill: var(--soft); }
.measure { display: flex; gap: .5rem; align-items: center; justify-content: flex-end; }
.bits td { text-align: right; white-space: nowrap; }
.bits small { color: inherit; }
.bits .h0 { color: var(--soft); }
.bits .h1 { background: var(--equal-back); }
.bits .h2 { background: var(--equal-back); color: var(--equal); }
.bits .h3 { background: var(--silent-back); color: var(--silent); }
.bits .h4 { background: var(--differs-back); color: var(--differs); }
.bits .h5 { background: var(--differs-back); color: var(--differs); font-weight: 700; }
.bits td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.layer { border-bottom: 1px solid var(--line); margin: 0; }
.layer summary { padding: .4rem 0; }
.layer .soft { margin-left: .5rem; }
.layer > div { display: flex; flex-wrap: wrap; gap: .5rem 2rem; padding: .25rem 0 1rem; scroll-margin-top: 3rem; }
.layer dl { flex: 1 1 22rem; display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; font-size: .875rem; font-variant-numeric: tabular-nums; }
.layer dt { color: var(--soft); }
.layer dd { margin: 0; overflow-wrap: anywhere; }
.layer figure { margin: 0; max-width: 100%; }
.histogram { max-width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: .8125rem; max-width: 23rem; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: .75rem 0; padding: 0; list-style: none; max-width: none; }
.facts strong { font-size: 1.25rem; font-variant-numeric: tabular-nums; display: block; }
@media (max-width: 46rem) {
  .network th[scope=row], .bits th[scope=row] { position: sticky; left: 0; background: var(--card); max-width: 9.5rem; overflow: hidden; text-overflow: ellipsis; }
  .network tr > :nth-child(3), .network tr > :nth-child(4) { display: none; }
  .layer dl { flex-basis: 100%; grid-template-columns: 1fr; }
  .layer dd { padding-left: 1rem; }
}
@page { size: landscape; margin: 12mm; }
@media print {
  nav { display: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .layer { break-inside: avoid; }
  .network, .bits { font-size: .75rem; }
  .network td, .network th { padding-left: .4rem; padding-right: .4rem; }
}
`;
