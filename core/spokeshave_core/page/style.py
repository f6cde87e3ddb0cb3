"""The style sheet of all pages: the report of `package --report=html` and the page of a release index.

It is a constant and not a file next to this one: a sandbox has the modules that a command imports, and no other files.
"""

STYLE = """\
:root {
  color-scheme: light dark;
  --paper: #fff;
  --ink: #1c2024;
  --quiet: #5b6570;
  --line: #dfe3e8;
  --soft: #f5f7f9;
  --link: #0b5cad;
  --ran: #3d7cc9;
  --hit-locally: #3a9a76;
  --hit-remotely: #8a63c4;
  --failed: #c73a3a;
  --critical: #c77700;
  --passed-ink: #1d6a48;
  --passed-paper: #e6f4ed;
  --failed-ink: #9f1f1f;
  --failed-paper: #fbe9e9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c;
    --ink: #e3e7eb;
    --quiet: #9aa5b1;
    --line: #30363d;
    --soft: #1d2126;
    --link: #7ab8f5;
    --ran: #5b9ae6;
    --hit-locally: #4fb58e;
    --hit-remotely: #a987e0;
    --failed: #e66a6a;
    --critical: #f0a63a;
    --passed-ink: #7fd3ac;
    --passed-paper: #17352a;
    --failed-ink: #f59a9a;
    --failed-paper: #431d1f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 80rem;
  padding: 1.25rem 1.25rem 3rem;
  background: var(--paper);
  color: var(--ink);
  font: 14px/1.45 system-ui, sans-serif;
}
h1 { margin: 0; font-size: 1.45rem; font-weight: 600; overflow-wrap: anywhere; }
h2 { margin: 2.2rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); font-size: 1.1rem; font-weight: 600; }
h3 { margin: 1.3rem 0 .4rem; font-size: .95rem; font-weight: 600; overflow-wrap: anywhere; }
h1 .quiet, h3 .quiet { font-weight: 400; }
p { margin: .3rem 0 .6rem; max-width: 62rem; }
a { color: var(--link); }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .86em; }
pre { margin: .3rem 0; padding: .5rem .6rem; overflow-x: auto; background: var(--soft); white-space: pre-wrap; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.quiet { color: var(--quiet); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.failure { padding: .6rem .8rem; border-left: 4px solid var(--failed); background: var(--failed-paper); color: var(--failed-ink); }
.scroll { position: relative; overflow-x: auto; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; margin: 1rem 0 0; }
.facts div { padding: .5rem .75rem .55rem; border: 1px solid var(--line); border-radius: 6px; }
.facts dt { color: var(--quiet); font-size: .85em; }
.facts dd { margin: 0; font-size: 1.2rem; font-weight: 600; }
.facts dd span { display: block; min-height: 1.45em; font-size: .85rem; font-weight: 400; }

table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--quiet); font-size: .85em; font-weight: 400; white-space: nowrap; }
tbody th { font-weight: 400; }
tfoot th, tfoot td { font-weight: 600; }
.number, .totals thead th:not(:first-child), .listed thead th:nth-child(n+3) { text-align: right; white-space: nowrap; }

.findings tbody th { min-width: 11rem; overflow-wrap: anywhere; }
.findings code { white-space: nowrap; }
.findings pre { margin: 0; min-width: 12rem; }

.filter input { width: 18rem; max-width: 100%; padding: .25rem .5rem; border: 1px solid var(--line); border-radius: 5px; background: var(--soft); color: inherit; font: inherit; }
.filter output { color: var(--quiet); }
.matrix tbody th { white-space: nowrap; }
.matrix td { min-width: 9.5rem; }
.wheel + .wheel { margin-top: .6rem; padding-top: .5rem; border-top: 1px dotted var(--line); }
.wheel .line { display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline; }
.wheel .size { font-weight: 600; }
.wheel code { color: var(--quiet); }
.wheel .quiet, .wheel details { font-size: .88em; }
.wheel summary { width: max-content; color: var(--quiet); cursor: pointer; }
.wheel dl { margin: .2rem 0; max-width: 26rem; }
.wheel dt { margin-top: .35rem; color: var(--quiet); }
.wheel dd { margin: 0; overflow-wrap: anywhere; }
.wheel dd ul { margin: .1rem 0; padding-left: 1.1rem; }
.matrix td.dim { opacity: .25; }
.chips, .legend, .rows { margin: 0; padding: 0; list-style: none; }
.chips { display: flex; flex-wrap: wrap; gap: .25rem; margin: .2rem 0; }
.chip { position: relative; padding: 0 .4rem; border-radius: 4px; background: var(--soft); color: var(--quiet); font-size: .88em; white-space: nowrap; }
.chip.passed { background: var(--passed-paper); color: var(--passed-ink); }
.chip.failed { background: var(--failed-paper); color: var(--failed-ink); font-weight: 600; }
.reasons { margin: .8rem 0 0; padding-left: 1.1rem; color: var(--quiet); }

.row { display: grid; grid-template-columns: 26rem minmax(0, 1fr) 11rem; gap: 0 .9rem; align-items: center; padding: .2rem 0; }
.row .label { overflow-wrap: anywhere; }
.row .value { text-align: right; font-variant-numeric: tabular-nums; }
.row .value .quiet { display: block; font-size: .82em; line-height: 1.1; }
.path .row { font-size: .93em; }
.rows details .label { position: relative; padding-left: 1.1rem; }
.rows details .label::before { content: "▸"; position: absolute; left: 0; color: var(--quiet); }
.rows details[open] .label::before { content: "▾"; }
summary.row { cursor: pointer; list-style: none; }
summary.row::-webkit-details-marker { display: none; }
summary.row:hover { background: var(--soft); }
.rows > details > summary .label { font-weight: 600; }
.parts { margin: 0 0 .6rem; }
.parts > details > summary .label { padding-left: 2.2rem; }
.parts > details > summary .label::before { left: 1.1rem; }
.rows > details, .path .row { border-bottom: 1px solid var(--line); }
.track, .axis { display: block; width: 100%; }
.axis text { fill: var(--quiet); font-size: 11px; }
.grid { stroke: var(--line); }
.bar { fill: var(--ran); }
.bar.hit_locally { fill: var(--hit-locally); }
.bar.hit_remotely { fill: var(--hit-remotely); }
.bar.failed { fill: var(--failed); }
.bar.critical { stroke: var(--critical); stroke-width: 1.5px; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .4rem 0; color: var(--quiet); }
.legend svg { width: 1.4rem; overflow: visible; }
.legend .critical { fill: none; }
.listed { margin: 0 0 .8rem 1.1rem; max-height: 24rem; overflow-y: auto; }
.listed th { overflow-wrap: anywhere; }
.listed td { white-space: nowrap; }

@media (max-width: 45rem) {
  body { padding: .9rem .8rem 2rem; }
  .facts { grid-template-columns: 1fr 1fr; }
  th, td { padding: .3rem .35rem; }
  .totals thead th { white-space: normal; vertical-align: bottom; }
  .row { grid-template-columns: minmax(0, 1fr) 8rem; }
  .row .label { grid-column: 1 / -1; }
  .matrix, .matrix tbody, .matrix tr, .matrix th, .matrix td { display: block; }
  .matrix thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
  .matrix td, .matrix th { border: 0; }
  .matrix tbody th { padding: .5rem 0 .1rem; font-weight: 600; }
  .matrix tr { border-bottom: 1px solid var(--line); }
  .matrix td { padding: .2rem 0 .6rem .6rem; }
  .matrix td::before { content: attr(data-abi); color: var(--quiet); }
  .matrix td.none { display: none; }
}
@media print { .filter { display: none; } body { max-width: none; } }
"""  # noqa: E501
