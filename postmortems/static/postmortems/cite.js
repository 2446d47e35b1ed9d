// A fact's Insert button puts its citation where the caret stands; without script the server appends it to the text.
document.addEventListener("click", (event) => {
  const button = event.target.closest('button[name="insert"]');
  const text = button?.form.elements.namedItem("text");
  if (!text) return;
  event.preventDefault();
  const before = text.value[text.selectionStart - 1];
  const gap = before && !/\s/.test(before) ? " " : "";
  text.setRangeText(`${gap}[${button.value}]`, text.selectionStart, text.selectionEnd, "end");
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});
