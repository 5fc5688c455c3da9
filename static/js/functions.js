// Choosing several functions of the list.

function show() {
  const form = document.getElementById("chosen");
  if (!form) return;
  const boxes = [...form.querySelectorAll("[name=name]")];
  const count = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-all]");
  all.hidden = false;
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
  const button = document.getElementById("delete-chosen");
  button.hidden = !count;
  button.querySelector("span").textContent = `Delete ${count} selected`;
  for (const box of boxes) box.closest("tr").setAttribute("aria-selected", String(box.checked));
}

addEventListener("change", (event) => {
  const form = event.target.closest("#chosen");
  if (!form) return;
  if (event.target.matches("[data-all]")) {
    for (const box of form.querySelectorAll("[name=name]")) box.checked = event.target.checked;
  }
  show();
});
addEventListener("htmx:afterSettle", show);
addEventListener("pageshow", show);
show();
