// A context has one page: what would open in a new window opens in this one instead, so that a task can
// follow it and no window is left behind unseen.
(() => {
  const here = new Set(["", "_self", "_top", "_parent"]);
  const stay = (element) => {
    if (element && !here.has((element.getAttribute("target") || "").toLowerCase())) element.target = "_self";
  };
  addEventListener("click", (event) => {
    for (const node of event.composedPath()) {
      if (node instanceof Element && node.matches("a[target], area[target]")) stay(node);
    }
  }, true);
  addEventListener("submit", (event) => stay(event.target), true);
  window.open = (address) => {
    if (address) location.assign(new URL(address, document.baseURI));
    return null;
  };
})();
