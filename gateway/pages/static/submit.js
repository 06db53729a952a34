// What a script adds to the clinic's pages: files can be dropped, rows are added in place, a draft survives a reload.
"use strict";

const drafts = window.sessionStorage; // of this window only, gone when it is closed

function enableDrop(zone) {
  const input = zone.querySelector('input[type="file"]');
  zone.querySelector("[data-drop-hint]").hidden = false;
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length === 1) input.files = event.dataTransfer.files;
    input.focus();
  });
}

function addRow(rows) {
  const all = rows.querySelectorAll("[data-row]");
  const last = all[all.length - 1];
  const row = last.cloneNode(true);
  const number = all.length;
  const place = `${rows.dataset.rows}.${last.dataset.row}.`;
  const renamed = (text) => text.replaceAll(place, `${rows.dataset.rows}.${number}.`);
  row.dataset.row = number;
  row.querySelector("[data-number]").textContent = number + 1;
  row.querySelectorAll(".field-error").forEach((error) => error.remove());
  row.querySelectorAll(".has-error").forEach((field) => field.classList.remove("has-error"));
  row.querySelectorAll("[id], [for], [name], [aria-describedby]").forEach((part) => {
    for (const name of ["id", "for", "name", "aria-describedby"]) {
      if (part.hasAttribute(name)) part.setAttribute(name, renamed(part.getAttribute(name)));
    }
    part.removeAttribute("aria-invalid");
  });
  row.querySelectorAll("input, select, textarea").forEach((input) => { input.value = ""; });
  last.after(row);
  if (number + 1 >= Number(rows.dataset.most)) rows.querySelector('button[name="more"]').hidden = true;
  return row;
}

function enableRows(form) {
  form.querySelectorAll("[data-rows]").forEach((rows) => {
    const button = rows.querySelector('button[name="more"]');
    if (!button) return;
    button.addEventListener("click", (event) => {
      event.preventDefault();
      addRow(rows).querySelector("input").focus();
    });
  });
}

function answers(form) {
  return [...new FormData(form)].filter(([name, text]) => name !== "csrf" && typeof text === "string" && text !== "");
}

function restore(form, kept) {
  for (const [name, text] of kept) {
    const rows = [...form.querySelectorAll("[data-rows]")].find((one) => name.startsWith(`${one.dataset.rows}.`));
    const number = rows ? Number(name.slice(rows.dataset.rows.length + 1).split(".")[0]) : 0;
    for (let tries = 0; rows && !form.elements[name] && tries <= number; tries += 1) addRow(rows);
    const input = form.elements[name];
    if (!input) continue;
    if (input.type === "checkbox") input.checked = text === input.value;
    else input.value = text;
  }
}

function enableDraft(form) {
  const key = `draft:${form.dataset.draft}`;
  form.querySelector("[data-draft-note]").hidden = false;
  if (!("draftKept" in form.dataset)) restore(form, JSON.parse(drafts.getItem(key) || "[]"));
  form.addEventListener("input", () => drafts.setItem(key, JSON.stringify(answers(form))));
}

document.querySelectorAll("[data-drop]").forEach(enableDrop);
document.querySelectorAll("[data-draft]").forEach((form) => {
  enableRows(form);
  enableDraft(form);
});
document.querySelectorAll("[data-forgets-draft]").forEach((form) => {
  form.addEventListener("submit", () => drafts.clear());
});
// The receipt of what was just sent: the draft has done its duty.
if (new URLSearchParams(window.location.search).get("sent") === "form") drafts.clear();
