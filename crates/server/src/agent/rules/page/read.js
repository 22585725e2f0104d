// Reading: elements by kind, tables, and values by their label. `scope` is the document or one card of it.

const NOUNS = {
  heading: "h1, h2, h3, h4, h5, h6, [role=heading]", h1: "h1", h2: "h2", h3: "h3", paragraph: "p", link: "a[href]",
  list_item: "li, [role=listitem]", image: "img", table: "table, [role=table]", button: "button, input[type=submit], [role=button]",
};

// A layout may hold empty paragraphs and hidden headings; nobody means those.
const elements = (noun, scope) => {
  const found = all(NOUNS[noun], scope).filter(visible);
  return ["image", "link"].includes(noun) ? found : found.filter((element) => textOf(element));
};

const rank = (heading) => Number(heading.localName[1] || heading.getAttribute("aria-level") || 2);

const show = (noun, element) => {
  if (noun === "link") return { text: textOf(element) || clean(element.getAttribute("aria-label")), href: element.href };
  if (noun === "image") return { alt: element.alt, src: element.currentSrc || element.src };
  if (noun === "table") return rowsOf(element);
  if (noun === "button") return namesOf(element)[0] || "";
  if (isControl(element)) return valueOf(element);
  return textOf(element);
};

const cellsOf = (row) => [...row.querySelectorAll("th, td, [role=cell], [role=columnheader], [role=rowheader]")];

// Rows as objects keyed by the header; a table without a header keeps its rows as lists.
const rowsOf = (table) => {
  const rows = all("tr, [role=row]", table).filter((row) => row.closest("table, [role=table]") === table && cellsOf(row).length);
  const isHeader = (row) => cellsOf(row).every((cell) => cell.matches("th, [role=columnheader]"));
  const head = rows.findIndex((row) => isHeader(row) && cellsOf(row).length > 1);
  if (head >= 0) {
    const keys = cellsOf(rows[head]).map((cell, index) => textOf(cell) || `column ${index + 1}`);
    return rows.slice(head + 1).filter((row) => !isHeader(row)).map((row) =>
      Object.fromEntries(cellsOf(row).slice(0, keys.length).map((cell, index) => [keys[index], textOf(cell)])));
  }
  if (rows.length && rows.every((row) => cellsOf(row).length === 2 && cellsOf(row)[0].matches("th"))) {
    return [Object.fromEntries(rows.map((row) => cellsOf(row).map(textOf)))];
  }
  return rows.map((row) => cellsOf(row).map(textOf));
};

const captionOf = (table) => {
  const caption = table.querySelector("caption");
  if (caption) return textOf(caption);
  const before = all(NOUNS.heading).filter((heading) => heading.compareDocumentPosition(table) & 4).pop();
  return table.getAttribute("aria-label") || (before ? textOf(before) : "");
};

const choose = (noun, found, pick, scope) => {
  if (pick === "all") return found.map((element) => show(noun, element));
  let element;
  if (pick === "main") {
    const inMain = found.filter((candidate) => candidate.closest("main, [role=main], article"));
    const pool = noun === "heading" || !inMain.length ? found : inMain;
    element = noun === "heading" ? [...pool].sort((a, b) => rank(a) - rank(b))[0] : pool[0];
  } else if (pick === "last") element = found.at(-1);
  else if (pick.nth) element = found[pick.nth - 1];
  else if (pick.take) return found.slice(0, pick.take).map((candidate) => show(noun, candidate));
  else if (pick.named) element = found.find((table) => fit(captionOf(table), pick.named) >= 2);
  return element ? show(noun, element) : undefined;
};

const smallest = (found) => found.filter((element) => !found.some((other) => other !== element && element.contains(other)));

const after = (element) => {
  const next = element.nextElementSibling;
  return next && !next.matches("h1, h2, h3, h4, h5, h6, script, style") ? textOf(next) : "";
};

// Ways in which pages attach a value to a label, the most explicit first.
const LABELLED = [
  (is, scope) => all("dt", scope).filter((dt) => is(textOf(dt))).map((dt) => {
    const values = [];
    for (let next = dt.nextElementSibling; next?.localName === "dd"; next = next.nextElementSibling) values.push(textOf(next));
    return values.length > 1 ? values : values[0];
  }),
  (is, scope) => all("tr, [role=row]", scope).map((row) => cellsOf(row)).filter((cells) => cells.length === 2 && is(textOf(cells[0])) && cells[1].localName !== "th")
    .map((cells) => textOf(cells[1])),
  (is, scope) => all("input:not([type=hidden], [type=submit], [type=button]), select, textarea, output", scope)
    .filter((field) => labels(field).some(is) || is(field.getAttribute("aria-label")) || is(field.name)).map(valueOf),
  (is, scope) => smallest(all("[itemprop]", scope).filter((element) => is(element.getAttribute("itemprop"))))
    .map((element) => element.getAttribute("content") || element.getAttribute("datetime") || valueOf(element)),
  (is, scope) => smallest(all("[data-testid], [data-test], [data-field], [data-label]", scope)
    .filter((element) => [..."testid,test,field,label".split(",")].some((name) => is(element.dataset[name])))).map(valueOf),
  (is, scope) => all("[aria-label]", scope).filter((element) => is(element.getAttribute("aria-label"))).map(valueOf),
  (is, scope) => all("[id]", scope).filter((element) => is(element.id)).map(valueOf),
  (is, scope) => smallest(all("[class]", scope).filter((element) => [...element.classList].some(is)))
    .filter((element) => visible(element)).map(valueOf),
  // "Label: value", with or without an element around the label.
  (is, scope) => smallest(all("p, li, div, span, td, dd, section, address", scope).filter((element) => {
    const [label, ...value] = textOf(element).split(":");
    return value.length && label.length < 60 && is(label) && !textOf(element).includes("\n");
  })).map((element) => textOf(element).split(":").slice(1).join(":").trim() || after(element)),
  (is, scope) => smallest(all("strong, b, span, label, div, th, em", scope).filter((element) => textOf(element).length < 60 && is(textOf(element)))).map(after),
  (is, scope) => all(NOUNS.heading, scope).filter((heading) => is(textOf(heading))).map(after),
  (is, scope) => all("table", scope).flatMap((table) => {
    const rows = rowsOf(table).filter((row) => !Array.isArray(row));
    const key = rows[0] && Object.keys(rows[0]).find(is);
    return key ? [rows.length > 1 ? rows.map((row) => row[key]) : rows[0][key]] : [];
  }),
  (is, scope) => (scope === document ? all("meta[name], meta[property]") : [])
    .filter((meta) => is(meta.name) || is((meta.getAttribute("property") || "").replace(/^(og|article|product):/, ""))).map((meta) => meta.content),
];

const has = (value) => value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && !value.length);

// Exactly this label anywhere comes before a class or an id that merely ends with it ("product-price").
const labelled = (label, scope) => {
  const wanted = plain(label);
  if (!wanted) return undefined;
  const exact = (name) => !!name && same(name, wanted);
  const suffix = (name) => plain(name).endsWith(" " + wanted);
  for (const is of [exact, suffix]) {
    for (const way of LABELLED) {
      const value = way(is, scope).find(has);
      if (value !== undefined) return value;
    }
  }
  return undefined;
};

const read = (what, scope = document) => {
  switch (what.kind) {
    case "element": return choose(what.noun, elements(what.noun, scope), what.pick, scope);
    case "css": {
      const found = all(what.selector, scope);
      const one = choose("css", found, what.pick === "main" ? { nth: 1 } : what.pick, scope);
      return one;
    }
    case "labelled": return labelled(what.label, scope);
    case "count": return what.of.kind === "css" ? all(what.of.selector, scope).length : elements(what.of.noun, scope).length;
    case "title": return clean(document.title) || undefined;
    case "address": return location.href;
    case "text": return textOf(scope.body || scope) || undefined;
    case "description": return all("meta[name=description], meta[property='og:description']")[0]?.content;
    default: return undefined;
  }
};

acts.read = ({ what }) => {
  const value = read(what);
  const lists = Array.isArray(value) && what.kind === "element" && !value.length && what.pick === "all";
  if (value !== undefined && !lists) return { found: value };
  const count = what.kind === "element" ? elements(what.noun, document).length : 0;
  const has = what.kind === "element" && what.pick.named ? all("table").map(captionOf).filter(Boolean).slice(0, 8) : [];
  return { missing: count ? `it has ${count}` : "", has };
};
