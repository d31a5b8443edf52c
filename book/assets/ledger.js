/* Filters the rows of the ledger in the page itself: no request, so it works from file:// too.
   Words are looked for in ids, places and text; formulas are left out, because MathJax replaces
   their text at a moment of its own choosing. */
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.claims-filter");
  if (!form) return;
  const wordsOf = (row) => {
    const copy = row.cloneNode(true);
    copy.querySelectorAll(".math, mjx-container").forEach((formula) => formula.remove());
    return copy.textContent.toLowerCase();
  };
  const rows = [...document.querySelectorAll("table.claims tbody tr")];
  const words = new Map(rows.map((row) => [row, wordsOf(row)]));
  const sections = [...document.querySelectorAll("table.claims")]
    .map((table) => table.closest("section"))
    .filter((section) => section && !section.contains(form));
  const { words: field, document: documents, verdict: verdicts, shown } = form.elements;

  const filter = () => {
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const classes = [documents.value, verdicts.value].filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits =
        classes.every((name) => row.classList.contains(name)) &&
        wanted.every((word) => words.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("table.claims tbody tr:not([hidden])");
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };
  // A link to a row must show it, whatever the filter hides.
  const reveal = () => {
    const row = rows.find((one) => `#${one.id}` === location.hash);
    if (row && row.hidden) {
      form.reset();
      row.scrollIntoView();
    }
  };

  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", reveal);
  form.hidden = false;
  filter(); // a browser may have kept the fields from an earlier visit
});
