// A button that saves the text of an element as a file: nothing is asked of the server.

addEventListener("click", (event) => {
  const button = event.target.closest("[data-download]");
  if (!button) return;
  const text = document.getElementById(button.dataset.downloadFrom).textContent;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = button.dataset.download;
  link.click();
  URL.revokeObjectURL(link.href);
});
