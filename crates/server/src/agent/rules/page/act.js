// Finding what to act on. Real input follows from outside; what it needs to know is returned.

const PRESSABLE =
  "button, a[href], input[type=submit], input[type=button], input[type=reset], input[type=image], input[type=checkbox], " +
  "input[type=radio], summary, label, [role=button], [role=link], [role=tab], [role=menuitem], [role=option], " +
  "[role=checkbox], [role=switch], [onclick]";
const KINDS = {
  any: PRESSABLE,
  button: "button, input[type=submit], input[type=button], input[type=reset], input[type=image], summary, [role=button], a.button, a.btn",
  link: "a[href], [role=link]",
};
const FIELD =
  "input:not([type=hidden], [type=submit], [type=button], [type=reset], [type=image], [type=checkbox], [type=radio], [type=file]), " +
  "textarea, select, [contenteditable=''], [contenteditable=true], [role=textbox], [role=searchbox], [role=combobox]";

// The middle of an element in the viewport of the page, through the frames that it is in.
const pointOf = (element) => {
  element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = element.getClientRects()[0] || element.getBoundingClientRect();
  let [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const hit = element.getRootNode().elementFromPoint?.(x, y);
  const clear = box.width > 0 && box.height > 0 && hit && (hit === element || element.contains(hit) || hit.contains(element));
  for (let view = element.ownerDocument.defaultView; view.frameElement; view = view.parent) {
    const frame = view.frameElement.getBoundingClientRect();
    x += frame.left + view.frameElement.clientLeft;
    y += frame.top + view.frameElement.clientTop;
  }
  return clear ? { x, y } : null;
};

// Where the mouse cannot get at an element, its own click does.
const press = (element) => {
  if (element.disabled) return { missing: "it is disabled" };
  const point = pointOf(element);
  if (!point) element.click();
  return { found: { point } };
};

const fieldOf = (name) => {
  const selector = name.startsWith("css=") ? name.slice(4) : null;
  return selector ? all(selector)[0] : best(all(FIELD), name);
};

// Pages hide these behind something nicer, so a hidden one is as good.
const FILE_FIELD = "input[type=file]";
const fileFieldOf = (name) => (name.startsWith("css=") ? all(name.slice(4))[0] : best(all(FILE_FIELD), name));

const noField = () => ({ missing: "", has: some(all(FIELD)) });

const announce = (element) => {
  for (const kind of ["input", "change"]) element.dispatchEvent(new Event(kind, { bubbles: true, composed: true }));
};

const acts = {
  click({ name, kind }) {
    if (kind === "css") {
      const element = all(name).find(visible);
      return element ? press(element) : { missing: "", has: [] };
    }
    const pool = all(KINDS[kind]);
    const element = best(pool, name) ||
      // Whatever shows exactly this text, where no control does.
      (kind === "any" && all("body *").filter((node) => visible(node) && plain(textOf(node)) === plain(name)).pop());
    return element ? press(element) : { missing: "", has: some(kind === "any" ? all("button, a[href], input[type=submit], [role=button]") : pool) };
  },

  focus({ field }) {
    const element = fieldOf(field);
    if (!element) return noField();
    if (element.disabled || element.readOnly) return { missing: "it cannot be changed" };
    if (element.localName === "select") return { found: { list: true } };
    element.scrollIntoView({ block: "center", behavior: "instant" });
    element.focus();
    if (element.select) element.select();
    else element.ownerDocument.getSelection().selectAllChildren(element);
    // The pickers of these do not take text.
    return { found: { picker: /^(date|time|datetime-local|month|week|color|range)$/.test(element.type) } };
  },

  // After typing: a field may write the value its own way, but not lose it. One that is gone cannot be asked.
  holds({ field, value }) {
    const element = fieldOf(field);
    if (!element) return { found: {} };
    const has = element.value ?? element.textContent;
    const bare = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
    const sorted = (text) => [...bare(text)].sort().join("");
    const kept = has === value || (bare(value) ? bare(has).includes(bare(value)) || sorted(has) === sorted(value) : has.includes(value));
    return kept ? { found: {} } : { missing: "it did not take the value" };
  },

  // After a click on a box.
  isChecked({ field, on }) {
    const box = field.startsWith("css=") ? all(field.slice(4))[0] : best(all("input[type=checkbox], input[type=radio], [role=checkbox], [role=switch]"), field);
    if (!box) return { found: {} };
    const is = box.checked ?? box.getAttribute("aria-checked") === "true";
    return is === on ? { found: {} } : { missing: on ? "it did not stay checked" : "it did not stay unchecked" };
  },

  pickerValue({ field, value }) {
    const element = fieldOf(field);
    if (!element) return noField();
    element.value = value;
    announce(element);
    return element.value ? { found: {} } : { missing: "it does not take this value" };
  },

  select({ option, field }) {
    const lists = field ? [fieldOf(field)].filter((element) => element?.localName === "select") : all("select");
    for (const list of lists) {
      const options = [...list.options].map((item) => [Math.max(fit(item.label, option), fit(item.value, option)), item]);
      const [score, item] = options.sort((a, b) => b[0] - a[0])[0] || [0];
      if (score < 2) continue;
      if (list.multiple) item.selected = true;
      else list.value = item.value;
      if (!item.selected) item.selected = true;
      announce(list);
      return { found: {} };
    }
    const radio = best(all("input[type=radio], [role=radio], [role=option]"), option);
    if (radio) return press(radio);
    if (field && !lists.length) return { missing: "", has: some(all("select")), what: "list" };
    const options = lists.flatMap((list) => [...list.options].map((item) => clean(item.label)));
    return { missing: "", has: options.slice(0, 12), what: "option" };
  },

  check({ field, on }) {
    const boxes = all("input[type=checkbox], input[type=radio], [role=checkbox], [role=switch]");
    const box = field.startsWith("css=") ? all(field.slice(4))[0] : best(boxes, field);
    if (!box) return { missing: "", has: some(boxes) };
    const is = box.checked ?? box.getAttribute("aria-checked") === "true";
    return is === on ? { found: { point: null } } : press(box);
  },

  fileField({ field }) {
    const element = fileFieldOf(field);
    if (element?.type === "file") return element.disabled ? { missing: "it cannot be changed" } : { found: {} };
    return { missing: "", has: all(FILE_FIELD).map((input) => namesOf(input)[0]).filter(Boolean).slice(0, 8) };
  },

  fileElement: ({ field }) => fileFieldOf(field),

  submit() {
    const active = document.activeElement?.form;
    const form = active || all("form").find(visible);
    if (!form) return { missing: "", has: [] };
    const button = [...form.elements].find((element) => element.type === "submit" && visible(element));
    if (button) return press(button);
    form.requestSubmit();
    return { found: { point: null } };
  },

  scroll({ to }) {
    const height = document.documentElement.scrollHeight;
    const goals = { down: scrollY + innerHeight * 0.9, up: scrollY - innerHeight * 0.9, top: 0, bottom: height };
    scrollTo({ top: goals[to], behavior: "instant" });
    return { found: {} };
  },

  shows({ text }) {
    const wanted = clean(text).toLowerCase();
    const shown = roots().some((root) => clean((root.body || root.host)?.innerText).toLowerCase().includes(wanted));
    return shown ? { found: {} } : { missing: "", has: [] };
  },
};
