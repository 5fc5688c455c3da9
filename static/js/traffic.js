// The slider of an alias's traffic. The field "share" is what is sent; slider and presets only set it.

const form = document.querySelector("[data-traffic]");

if (form) {
  const slider = form.querySelector("[data-slider]");
  const presets = form.querySelector("[data-presets]");
  const shift = form.querySelector("[data-shift]");
  const { share, second, FunctionVersion: first } = form.elements;
  const start = [first.value, second.value, Number(share.value) || 0];
  slider.hidden = presets.hidden = false;

  const named = (label) => (label.startsWith("$") ? label : `v${label}`);
  const text = (number) => String(Math.round(number * 100) / 100);

  function show() {
    const candidate = second.value ? Math.min(100, Math.max(0, Number(share.value) || 0)) : 0;
    const stable = 100 - candidate;
    slider.disabled = !second.value;
    share.disabled = !second.value;
    for (const button of presets.children) {
      button.disabled = !second.value;
      button.setAttribute("aria-pressed", String(Number(button.dataset.share) === candidate));
    }
    if (Number(slider.value) !== stable) slider.value = stable;
    slider.style.setProperty("--v", stable);
    slider.setAttribute("aria-valuetext", second.value
      ? `${text(stable)} % ${named(first.value)}, ${text(candidate)} % ${named(second.value)}`
      : `all to ${named(first.value)}`);
    form.querySelector("[data-stable]").textContent = text(stable);
    form.querySelector("[data-candidate]").textContent = text(candidate);
    const split = second.value && candidate > 0;
    shift.textContent = split && candidate < 100
      ? `Shift ${text(candidate)} % to ${named(second.value)}`
      : `Send all to ${named(split ? second.value : first.value)}`;
    const same = start[0] === first.value && start[2] === candidate && (start[1] === second.value || !candidate);
    shift.classList.toggle("btn-primary", !same);
  }

  slider.addEventListener("input", () => {
    share.value = text(100 - Number(slider.value));
    show();
  });
  presets.addEventListener("click", (event) => {
    const button = event.target.closest("[data-share]");
    if (!button) return;
    share.value = button.dataset.share;
    show();
  });
  for (const control of [share, second, first]) control.addEventListener("input", show);
  show();
}
