// The filter over the wheels: each word that is typed has to be in a wheel's names, platform, Pythons or outcomes.
"use strict";
const field = document.getElementById("filter");
if (field) {
  const count = document.getElementById("filter-count");
  const cells = [...document.querySelectorAll("td[data-words]")];
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = (cell) => words.every((word) => cell.dataset.words.includes(word));
    cells.forEach((cell) => cell.classList.toggle("dim", !shown(cell)));
    document.querySelectorAll(".matrix tbody tr, .distribution").forEach((part) => {
      part.hidden = !part.querySelector("td[data-words]:not(.dim)");
    });
    const left = cells.filter(shown).length;
    count.textContent = words.length ? `${left} of ${cells.length} wheels` : "";
  };
  field.closest(".filter").hidden = false;
  field.addEventListener("input", show);
  show();
}
