// What the page gains with a script: rows that can be found and sorted, and sections that open by themselves.
"use strict";
{
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const sections = all("details");

  // The table: what does not match is hidden; a heading sorts, once more the other way round.
  const table = document.getElementById("fleet");
  if (table) {
    const controls = document.getElementById("controls");
    const shown = document.getElementById("shown");
    const headings = all("thead th", table);
    const rows = all("tbody tr", table).map((row) => ({ row, text: row.textContent.toLowerCase() }));
    const natural = new Intl.Collator("en", { numeric: true });
    let order = "";

    const find = () => {
      const words = document.getElementById("text").value.toLowerCase().split(/\s+/);
      const states = all("input:checked", controls).map((box) => box.value);
      let count = 0;
      for (const { row, text } of rows) {
        row.hidden =
          (states.length > 0 && !states.includes(row.dataset.state)) || !words.every((word) => text.includes(word));
        count += row.hidden ? 0 : 1;
      }
      shown.textContent = `${count} of ${rows.length} ${rows.length === 1 ? "server" : "servers"} shown${order}`;
    };

    const sort = (column, down) => {
      const key = ({ row }) => row.cells[column].dataset.rank ?? row.cells[column].textContent.trim();
      const compare = (a, b) => {
        const [left, right] = [key(a), key(b)];
        // What has no value comes last, whichever way round.
        if (left === "" || right === "") return (left === "") - (right === "");
        const numbers = Number(left) - Number(right);
        return (Number.isNaN(numbers) ? natural.compare(left, right) : numbers) * (down ? -1 : 1);
      };
      table.tBodies[0].append(...rows.sort(compare).map(({ row }) => row));
      headings.forEach((heading, at) => {
        if (at === column) heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        else heading.removeAttribute("aria-sort");
      });
      order = `, by ${headings[column].textContent.toLowerCase()}, ${down ? "descending" : "ascending"}`;
      find();
    };

    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      // On paper the words stand without the button: headings with buttons are not repeated on each page.
      heading.dataset.words = heading.textContent;
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(column, heading.getAttribute("aria-sort") === "ascending"));
      heading.append(button);
    });
    controls.addEventListener("input", find);
    controls.addEventListener("submit", (event) => event.preventDefault());
    document.getElementById("everything").addEventListener("click", () => {
      controls.reset();
      find();
    });
    controls.hidden = false;
    find();
  }

  const buttons = document.getElementById("all");
  buttons.hidden = sections.length === 0;
  buttons.addEventListener("click", ({ target }) => {
    if (target instanceof HTMLButtonElement) for (const it of all("details.server")) it.open = target.value === "open";
  });

  // A link leads into a section, which browsers that do not open it by themselves need told.
  const open = () => {
    const target = document.getElementById(location.hash.slice(1));
    const section = target?.closest("details");
    if (!section) return;
    section.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  // Paper has no triangle to click on. After printing everything is as it was.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = sections.filter((it) => !it.open);
    for (const it of closed) it.open = true;
  });
  addEventListener("afterprint", () => {
    for (const it of closed) it.open = false;
  });

  // What does not scroll need not be a stop of the Tab key.
  const watch = new ResizeObserver((changes) => {
    for (const { target } of changes) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  });
  for (const it of all(".scroll, .diff")) watch.observe(it);
}
