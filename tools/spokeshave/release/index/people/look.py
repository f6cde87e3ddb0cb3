"""What the pages of an index add to the style of all pages, and their script, without which they can be read."""

from spokeshave_core.page.style import STYLE

_OWN_STYLE = """\
:root {
  --warned-ink: #7a4b00;
  --warned-paper: #fdf1dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --warned-ink: #f0c173;
    --warned-paper: #3b2c10;
  }
}
h2 .quiet { font-weight: 400; font-size: .95rem; }
h3 a, h1 a { text-underline-offset: .15em; }
h4 { margin: 1.1rem 0 .35rem; font-size: .93rem; font-weight: 600; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .8rem 0 0; padding: 0; list-style: none; }
.chip.warned { background: var(--warned-paper); color: var(--warned-ink); }
.notice { padding: .6rem .8rem; border-left: 4px solid var(--critical); background: var(--warned-paper); color: var(--warned-ink); overflow-wrap: anywhere; }
.failure { overflow-wrap: anywhere; }
.release { margin: 1rem 0 1.4rem; padding: .2rem 1rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
.release .chip, h1 .chip { font-size: .8rem; font-weight: 400; }
.release h3 { display: flex; flex-wrap: wrap; gap: .3rem .6rem; align-items: baseline; margin: .7rem 0 .2rem; font-size: 1.15rem; }
.line { margin: 0 0 .3rem; color: var(--quiet); }

.commands { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem .7rem; align-items: center; margin: .4rem 0 .7rem; }
.commands dt { color: var(--quiet); font-size: .88em; }
.commands dd { margin: 0; }
.command { display: flex; gap: .5rem; align-items: flex-start; padding: .3rem .35rem .3rem .6rem; border-radius: 5px; background: var(--soft); }
.command code, .command pre { flex: 1; min-width: 0; margin: 0; padding: .12rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.copy { flex: none; padding: .05rem .5rem; border: 1px solid var(--line); border-radius: 4px; background: var(--paper); color: var(--quiet); font: inherit; font-size: .82em; cursor: pointer; }
.copy:hover { color: var(--ink); border-color: var(--quiet); }

.served { width: 100%; }
.served th[scope="row"] { min-width: 11rem; }
.served th[scope="row"], .served thead th:first-child { padding-left: 0; }
.served th .quiet, .listing th .quiet { display: block; font-size: .85em; }
.served td { padding-top: .45rem; white-space: nowrap; }
.served td + td { padding-left: .2rem; }
.served td.where { width: 100%; min-width: 11rem; padding: .58rem .3rem .3rem .7rem; white-space: normal; font-size: .88em; color: var(--quiet); }
.served + p, .scroll + p { margin-top: .5rem; }
.served .none { color: var(--quiet); }
.served a.chip { display: inline-block; padding: .05rem .45rem; text-decoration: none; }
.served a.chip:hover { text-decoration: underline; }
.served .chip + .chip { margin-left: .25rem; }

.listing { width: 100%; }
.listing tbody th { min-width: 9rem; overflow-wrap: anywhere; }
.listing .state { min-width: 10rem; overflow-wrap: anywhere; }
.listing time, .listing .commit, .listing .pythons { white-space: nowrap; }
.listing thead th.number { text-align: right; }
.older { margin: .6rem 0 0; }
.older > summary { width: fit-content; padding: .2rem 0; color: var(--link); cursor: pointer; }
.files tbody th { width: 46%; min-width: 20rem; }
.files th div { font-weight: 400; }
.files .hash { display: flex; gap: .5rem; align-items: flex-start; margin-top: .2rem; color: var(--quiet); }
.files .hash code { overflow-wrap: anywhere; }
.files .chips { margin: .15rem 0 .3rem; }
.properties { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1rem; margin: .8rem 0 0; }
.properties dt { color: var(--quiet); }
.properties dd { display: flex; gap: .5rem; align-items: flex-start; margin: 0; overflow-wrap: anywhere; }
.properties dd > :first-child { min-width: 0; }

@media (max-width: 45rem) {
  .release { padding: .1rem .7rem .7rem; }
  .commands, .properties { grid-template-columns: minmax(0, 1fr); gap: .15rem; }
  .commands dd, .properties dd { margin-bottom: .4rem; }
  .served, .served tbody, .served th, .listing, .listing tbody, .listing tr, .listing th, .listing td { display: block; }
  .served thead, .listing thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; white-space: nowrap; }
  .served tr { display: flex; flex-wrap: wrap; gap: .3rem .8rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .served th, .served td, .listing th, .listing td { min-width: 0; padding: 0; border: 0; }
  .served th[scope="row"] { width: 100%; font-weight: 600; }
  .served th .quiet { font-weight: 400; }
  .served td + td, .served td.where { padding: 0; }
  .served td.where { width: 100%; }
  .served td.none { display: none; }
  .served td::before { content: attr(data-python) " "; color: var(--quiet); }
  .served td.where::before { content: ""; }
  .listing tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .listing tbody th { font-weight: 600; }
  .listing td { display: flex; flex-wrap: wrap; gap: 0 .4rem; text-align: left; }
  .listing td.blank { display: none; }
  .listing td[data-name]::before { content: attr(data-name); min-width: 5.2rem; color: var(--quiet); }
  .listing.files td { display: inline-block; margin-right: .8rem; }
  .listing.files td.tests { display: block; margin: 0; }
  .files tbody th { width: auto; min-width: 0; }
}
@media print { .copy { display: none; } }
"""  # noqa: E501

PAGE_STYLE = STYLE + _OWN_STYLE

PAGE_SCRIPT = """\
// The addresses in commands, which only a browser knows, and buttons that copy.
"use strict";
for (const element of document.querySelectorAll("[data-address]")) {
  element.textContent = new URL(element.dataset.address, location.href).href;
}
for (const note of document.querySelectorAll(".placeholder")) note.hidden = true;
const status = document.getElementById("copied");
// A page that is not from https has no clipboard: there the text is selected and copied by the older command.
const copy = async (element) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(element.textContent);
  getSelection().selectAllChildren(element);
  const done = document.execCommand("copy");
  getSelection().removeAllRanges();
  if (!done) throw new Error("the browser does not copy");
};
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    let answer = "Copied";
    try {
      await copy(button.previousElementSibling);
    } catch {
      answer = "Not copied";
    }
    button.textContent = answer;
    status.textContent = answer;
    setTimeout(() => { button.textContent = "Copy"; status.textContent = ""; }, 2000);
  });
}
"""
