// What pages do beyond HTML. Everything works without it; here the panes of a submission answer one another.
"use strict";

(() => {
  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  const panes = document.querySelector("[data-panes]");
  if (!panes) return;

  const partners = new Map(); // number of a leaf -> everything that shows it
  const add = (number, element) => {
    if (!partners.has(number)) partners.set(number, []);
    partners.get(number).push(element);
  };
  for (const element of panes.querySelectorAll("[data-leaf]")) add(element.dataset.leaf, element);
  for (const element of panes.querySelectorAll("[data-leaves]")) {
    for (const number of element.dataset.leaves.split(" ")) add(number, element);
  }
  const open = [...panes.querySelectorAll(".ledger > li")].filter((line) => line.dataset.state !== "mapped");

  const bringIntoView = (element) => {
    const body = element.closest(".pane-body");
    const [inner, outer] = [element.getBoundingClientRect(), body.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) body.scrollLeft += inner.left - outer.left - body.clientWidth / 3;
    if (inner.top >= outer.top + 32 && inner.bottom <= outer.bottom - 8) return;
    body.scrollTop += inner.top - outer.top - body.clientHeight / 3;
  };

  const choose = (number, keepAddress) => {
    for (const element of panes.querySelectorAll(".lit")) element.classList.remove("lit");
    const seen = new Set();
    for (const element of partners.get(number) || []) {
      element.classList.add("lit");
      const pane = element.closest(".pane");
      if (!seen.has(pane)) bringIntoView(element);
      seen.add(pane);
    }
    if (!keepAddress) history.replaceState(null, "", `#leaf-${number}`);
  };

  const chosen = () => (location.hash.match(/^#leaf-(\d+)$/) || [])[1];

  const step = (forward) => {
    const at = chosen() === undefined ? (forward ? -1 : Infinity) : Number(chosen());
    const line = forward
      ? open.find((one) => Number(one.dataset.leaf) > at)
      : open.findLast((one) => Number(one.dataset.leaf) < at);
    if (line) choose(line.dataset.leaf);
  };

  panes.addEventListener("click", (event) => {
    const element = event.target.closest("[data-leaf], [data-leaves]");
    if (!element || String(getSelection())) return;
    event.preventDefault();
    choose(element.dataset.leaf || element.dataset.leaves.split(" ")[0]);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (event.key === "n") step(true);
    if (event.key === "p") step(false);
  });
  addEventListener("hashchange", () => chosen() !== undefined && choose(chosen(), true));
  if (chosen() !== undefined) {
    choose(chosen(), true);
    // The browser brings the line of the address to the top of the window; the panes have already shown it.
    addEventListener("load", () => requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, 0))));
  }
})();
