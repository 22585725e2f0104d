// What all page scripts share. Everything looks through open shadow roots and same-origin frames.

const clean = (text) => (text || "").replace(/\s+/g, " ").trim();

// "orderNumber", "order-number" and "Order number:" are the same name.
const plain = (text) =>
  clean((text || "").replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/[^\p{L}\p{N}]+/gu, " ")).toLowerCase();

const roots = (from = document) => {
  const found = [from];
  for (const element of from.querySelectorAll("*")) {
    if (element.shadowRoot) found.push(...roots(element.shadowRoot));
    if (element.localName === "iframe" || element.localName === "frame") {
      // Null for a frame of another origin.
      if (element.contentDocument) found.push(...roots(element.contentDocument));
    }
  }
  return found;
};

const all = (selector, scope = document) => roots(scope).flatMap((root) => [...root.querySelectorAll(selector)]);

const visible = (element) =>
  element.getClientRects().length > 0 &&
  (!element.checkVisibility || element.checkVisibility({ visibilityProperty: true, opacityProperty: false }));

const LIMIT = 100_000;
const textOf = (element) => {
  const text = element.innerText === undefined ? element.textContent : element.innerText;
  return (text || "").replace(/[ \t\u00a0]+/g, " ").replace(/ ?\n ?/g, "\n").replace(/\n{3,}/g, "\n\n").trim().slice(0, LIMIT);
};

const isControl = (element) => element.matches("input, select, textarea");

// What an element says: the value of a control, the machine-readable value where there is one, else its text.
const valueOf = (element) => {
  if (element.localName === "select") return clean(element.selectedOptions[0]?.textContent);
  if (element.matches("input[type=checkbox], input[type=radio]")) return element.checked;
  if (element.localName === "input" && element.type === "password") return "";
  if (isControl(element)) return element.value;
  if (element.localName === "meta") return element.content;
  if (element.localName === "img") return element.currentSrc || element.src;
  return textOf(element) || element.getAttribute("content") || "";
};

const labels = (element) => [...(element.labels || [])].map((label) => textOf(label));

const labelledBy = (element) =>
  (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean)
    .map((id) => element.getRootNode().getElementById?.(id)).filter(Boolean).map(textOf).join(" ");

// The names under which a person or a program would know an element, the most visible first.
const namesOf = (element) => {
  const pressable = element.matches("input[type=submit], input[type=button], input[type=reset]");
  const own = element.matches("input, textarea, select") ? (pressable ? element.value || "Submit" : "") : textOf(element);
  const names = [
    own, ...labels(element), labelledBy(element), element.getAttribute("aria-label"), element.getAttribute("placeholder"),
    element.title, element.alt, element.querySelector?.("img[alt]")?.alt, element.name, element.id,
    element.getAttribute("data-testid"), element.getAttribute("autocomplete"),
  ];
  if (element.matches("input")) names.push(element.type);
  return names.map((name) => clean(typeof name === "string" ? name : "")).filter(Boolean);
};

// "e-mail" is "email" and "user name" is "username".
const same = (one, other) => plain(one).replaceAll(" ", "") === plain(other).replaceAll(" ", "");

// How well a name fits what was asked: 0 is not at all.
const fit = (name, wanted) => {
  const [have, want] = [plain(name), plain(wanted)];
  if (!want) return clean(name) === clean(wanted) ? 5 : 0;
  if (!have) return 0;
  if (have === want) return 5;
  if (same(have, want)) return 4;
  if (have.startsWith(want + " ")) return 3;
  // Whole words only: "log in" is not in "blog index".
  return (" " + have + " ").includes(" " + want + " ") ? 2 : 0;
};

const fitOf = (element, wanted) =>
  namesOf(element).reduce((best, name, index) => Math.max(best, fit(name, wanted) - index / 100), 0);

const best = (elements, wanted) => {
  const scored = elements.map((element) => [fitOf(element, wanted) + (visible(element) ? 0.5 : 0), element]);
  const fitting = scored.filter(([score]) => score >= 0.9).sort((a, b) => b[0] - a[0]);
  return fitting[0]?.[1];
};

const some = (elements) =>
  [...new Set(elements.filter(visible).map((element) => namesOf(element)[0]).filter(Boolean))]
    .map((name) => name.slice(0, 40)).slice(0, 8);
