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
  // The quote of a citation stands where there is room for it, not where the chat would cut it;
  // it touches its number, so that the pointer can go there.
  const place = (event) => {
    const link = event.target.closest?.(".cite");
    const tip = link?.querySelector(".tip");
    if (!tip) return;
    const at = link.getBoundingClientRect();
    const width = Math.min(352, innerWidth - 24);
    tip.style.width = `${width}px`;
    tip.style.left = `${Math.max(12, Math.min(at.left, innerWidth - width - 12))}px`;
    const below = at.top < innerHeight / 2;
    tip.style.top = below ? `${at.bottom}px` : "auto";
    tip.style.bottom = below ? "auto" : `${innerHeight - at.top}px`;
  };
  document.addEventListener("pointerover", place);
  document.addEventListener("focusin", place);
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".cite, .place");
    if (link) show(link.dataset.start);
  });
  document.addEventListener("keydown", (event) => {
    // Escape leaves a quote that is shown on focus, or under the pointer until that goes away.
    if (event.key !== "Escape") return;
    if (document.activeElement?.matches(".cite")) document.activeElement.blur();
    document.querySelectorAll(".cite:hover").forEach((e) => e.classList.add("shut"));
  });
  document.addEventListener("pointerout", (event) => {
    event.target.closest?.(".cite")?.classList.remove("shut");
  });
})();
