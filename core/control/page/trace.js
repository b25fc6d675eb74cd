"use strict";
(() => {
  const form = document.getElementById("filters");
  const words = document.getElementById("words");
  const shown = document.getElementById("shown");
  const body = document.querySelector("tbody");
  const more = document.getElementById("more");
  /* So many are laid out at a time: all of ten thousand take a browser seconds after each key. */
  const STEP = 300;
  let limit = STEP;
  const rows = [...body.rows].map((row, at) => ({ row, at, text: row.textContent.toLowerCase(), state: row.dataset.state }));

  let inOrder = rows;

  function show() {
    const parts = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const states = new Set([...form.querySelectorAll("[name=state]:checked")].map((box) => box.value));
    let count = 0;
    for (const { row, text, state } of inOrder) {
      const is = states.has(state) && parts.every((part) => text.includes(part));
      count += is;
      row.hidden = !is || count > limit;
    }
    shown.textContent = count === rows.length ? `${count} rows` : `${count} of ${rows.length} rows`;
    more.hidden = count <= limit;
    more.textContent = `${count - limit} more`;
  }

  function filter() {
    limit = STEP;
    show();
  }

  function showMore() {
    limit += STEP;
    show();
  }

  function sort(head, column) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const by = new Intl.Collator("en", { numeric: true });
    const key = (entry) => (column === 0 ? "" : entry.row.cells[column].textContent);
    const order = (a, b) => (column === 0 ? a.at - b.at : by.compare(key(a), key(b)) || a.at - b.at);
    const sorted = [...rows].sort((a, b) => (down ? -order(a, b) : order(a, b)));
    inOrder = sorted;
    for (const { row } of rows) row.hidden = true;
    body.append(...sorted.map((entry) => entry.row));
    filter();
  }

  document.querySelectorAll("th button").forEach((button, column) => {
    button.addEventListener("click", () => sort(button.parentNode, column));
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== words) {
      event.preventDefault();
      words.focus();
    } else if (event.key === "Escape" && document.activeElement === words) {
      words.value = "";
      filter();
    }
  });
  more.addEventListener("click", showMore);
  new IntersectionObserver((seen) => {
    if (seen.some((entry) => entry.isIntersecting)) showMore();
  }).observe(more);
  addEventListener("beforeprint", () => {
    limit = Infinity;
    show();
  });
  filter();
})();
