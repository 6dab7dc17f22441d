// A citation, or a sentence that is named elsewhere on the page, leads to its words in the article.
(() => {
  const show = (start) => {
    const words = document.querySelector(`#article .s[data-start="${CSS.escape(start)}"]`);
    if (!words) return;
    document.querySelectorAll("#article .lit").forEach((e) => e.classList.remove("lit"));
    words.classList.add("lit");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    words.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
    words.focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".cite, .place");
    if (link) show(link.dataset.start);
  });
  document.addEventListener("keydown", (event) => {
    // Escape leaves a quote that is shown on focus.
    if (event.key === "Escape" && document.activeElement?.matches(".cite")) {
      document.activeElement.blur();
    }
  });
})();
