// Filling a JSON Schema from the page: each property is looked for like a label, lists of objects in tables
// and in repeated elements.

const typeOf = (schema) => {
  const type = [schema.type].flat().find((name) => name && name !== "null");
  return type || (schema.properties ? "object" : schema.items ? "array" : schema.enum ? typeof schema.enum[0] : schema.const !== undefined ? typeof schema.const : "string");
};

const resolve = (schema, root, depth = 0) => {
  if (!schema || typeof schema !== "object" || depth > 20) return {};
  if (schema.$ref?.startsWith("#/")) {
    const path = schema.$ref.slice(2).split("/").map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
    return resolve(path.reduce((node, part) => node?.[part], root), root, depth + 1);
  }
  const branch = (schema.anyOf || schema.oneOf)?.find((option) => option.type !== "null");
  if (branch) return resolve({ ...branch, title: schema.title ?? branch.title, description: schema.description ?? branch.description }, root, depth + 1);
  if (schema.allOf) return Object.assign({}, schema, ...schema.allOf.map((part) => resolve(part, root, depth + 1)), { allOf: undefined });
  return schema;
};

const numberIn = (text) => {
  // "2-3 kg" is no number, and neither are dates and telephone numbers.
  if (/\d\s*(?:[-\u2010-\u2015\u2212]|to)\s*\d/.test(String(text))) return undefined;
  const match = /[-+\u2212]?\d[\d.,'\u00a0\u202f ]*/.exec(String(text));
  if (!match) return undefined;
  let digits = match[0].replace(/[\s']/g, "").replace("\u2212", "-").replace(/[.,]+$/, "");
  // The last separator is the decimal one, unless exactly three digits follow it ("1,299").
  const comma = digits.lastIndexOf(",") > digits.lastIndexOf(".");
  const separator = comma ? "," : ".";
  const parts = digits.split(separator);
  const grouped = parts.length > 2 || (comma && parts.length === 2 && parts[1].length === 3);
  digits = grouped ? parts.join("").replace(/[.,]/g, "") : digits.replace(comma ? /\./g : /,/g, "").replace(",", ".");
  const number = Number(digits);
  return Number.isFinite(number) ? number : undefined;
};

// A found value as the schema wants it; undefined when it cannot be that.
const coerce = (value, schema) => {
  if (!has(value)) return undefined;
  if (Array.isArray(value)) value = value[0];
  if (value && typeof value === "object") value = value.href ?? value.src ?? value.text ?? JSON.stringify(value);
  let result;
  switch (typeOf(schema)) {
    case "number": result = typeof value === "number" ? value : numberIn(value); break;
    case "integer": {
      const number = typeof value === "number" ? value : numberIn(value);
      result = Number.isInteger(number) ? number : undefined;
      break;
    }
    case "boolean": {
      if (typeof value === "boolean") result = value;
      else if (/^(yes|true|on|available|in stock|active|enabled|✓|✔)\b|^(✓|✔)/i.test(value)) result = true;
      else if (/^(no|not|none|false|off|unavailable|out of stock|sold out|inactive|disabled|✗|✘)\b|^(✗|✘)/i.test(value)) result = false;
      break;
    }
    default: result = String(value);
  }
  const allowed = schema.const !== undefined ? [schema.const] : schema.enum;
  if (allowed && result !== undefined) {
    return allowed.find((option) => option === result) ?? allowed.find((option) => plain(String(option)) === plain(String(result))) ??
      allowed.find((option) => typeof option === "string" && (" " + plain(String(result)) + " ").includes(" " + plain(option) + " "));
  }
  return result;
};

// What a property with a common name means where nothing is labelled so.
const usual = (name, scope) => {
  const words = plain(name).split(" ");
  const last = words.at(-1);
  const whole = scope === document;
  const text = () => textOf(scope.body || scope);
  const first = (selector) => all(selector, scope).find(visible);
  if (whole && words.join(" ") === "page title") return clean(document.title);
  if (["title", "name", "heading", "headline"].includes(last)) {
    const heading = choose("heading", elements("heading", scope), "main", scope);
    return heading ?? (whole ? clean(document.title) : textOf(first("a[href], strong, b") || scope).split("\n")[0]);
  }
  if (["url", "link", "href"].includes(last)) {
    if (whole && words.length > 1 && words[0] !== "page") return undefined;
    return whole ? location.href : (scope.matches("a[href]") ? scope : first("a[href]"))?.href;
  }
  if (["image", "img", "picture", "photo", "thumbnail"].includes(words[0]) || last === "image") return first("img")?.src;
  if (["price", "cost"].includes(last)) return /(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF)\b)\s?\d[\d.,']*|\d[\d.,']*\s?(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF)\b)/.exec(text())?.[0];
  if (["date", "published", "datetime"].includes(last)) { const time = first("time"); return time && (time.dateTime || textOf(time)); }
  if (["description", "summary", "excerpt"].includes(last)) return (whole && read({ kind: "description" })) || (first("p") && textOf(first("p")));
  if (["text", "content", "body"].includes(last)) return text();
  if (last === "email") return /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/.exec(text())?.[0];
  return undefined;
};

const find = (name, schema, scope) => {
  const asked = [name, schema.title].filter(Boolean);
  for (const label of asked) {
    const value = labelled(label, scope);
    if (has(value)) return value;
  }
  const what = schema["x-what"];
  if (what && ["element", "css", "count", "labelled"].includes(what.kind)) {
    const value = read(what, scope);
    if (has(value)) return value;
  }
  for (const label of asked) {
    const value = usual(label, scope);
    if (has(value)) return value;
  }
  // What is true of the whole page says nothing about one card of it.
  if (what && scope === document) {
    const value = read(what);
    if (has(value)) return value;
  }
  // A short description may be the very label: "Order number".
  return schema.description && schema.description.length < 40 ? labelled(schema.description, scope) : undefined;
};

const one = (name, schema, root, scope, path) => {
  schema = resolve(schema, root);
  const type = typeOf(schema);
  if (type === "object") return record(schema, root, part(name, scope), path);
  if (type === "array") return list(name, schema, root, scope, path);
  const value = coerce(schema.const !== undefined && !name ? schema.const : find(name, schema, scope), schema);
  return value === undefined ? { missing: [path] } : { value };
};

// An object within an object may have a part of the page of its own.
const part = (name, scope) => {
  if (!name) return scope;
  const is = (text) => plain(text) === plain(name);
  const own = all("section, article, div, form, fieldset, table, dl, ul, [itemprop], aside, header, footer", scope).find((element) =>
    is(element.id) || [...element.classList].some(is) || is(element.getAttribute("aria-label")) || is(element.getAttribute("itemprop")));
  if (own) return own;
  const heading = all("h2, h3, h4, legend, caption", scope).find((element) => is(textOf(element)));
  return heading?.closest("section, article, fieldset, table, div") || scope;
};

const record = (schema, root, scope, path) => {
  const value = {};
  const missing = [];
  for (const [name, property] of Object.entries(schema.properties || {})) {
    const at = path ? `${path}.${name}` : name;
    const found = one(name, property, root, scope, at);
    if (found.value !== undefined) value[name] = found.value;
    else if ((schema.required || []).includes(name)) missing.push(...found.missing);
  }
  if (missing.length) return { missing };
  return Object.keys(value).length ? { value } : { missing: [path || "any of its properties"] };
};

// Elements that stand side by side and are made alike: rows, cards, list items.
const groups = (scope) => {
  const found = [];
  for (const parent of all("*", scope)) {
    const kinds = new Map();
    for (const child of parent.children) {
      if (["script", "style", "br", "option", "template", "link", "meta", "td", "th"].includes(child.localName) || !visible(child)) continue;
      const kind = child.localName + "." + (child.classList[0] || "");
      kinds.set(kind, [...(kinds.get(kind) || []), child]);
    }
    for (const members of kinds.values()) if (members.length > 1) found.push(members);
  }
  return found.slice(0, 2000);
};

const singular = (word) => word.replace(/ies$/, "y").replace(/(s|x|ch|sh)es$/, "$1").replace(/([^s])s$/, "$1");

// Whether a group carries the name of the list: class "product" for "products".
const named = (members, name) => {
  const wanted = singular(plain(name));
  return !!wanted && [members[0], members[0].parentElement].some((element) =>
    element && [element.id, ...element.classList, element.getAttribute("itemtype")?.split("/").pop(), element.getAttribute("data-testid")]
      .some((label) => label && plain(label).split(" ").some((word) => singular(word) === wanted)));
};

const fromTable = (items, root, scope) => {
  const names = Object.keys(items.properties || {});
  for (const table of all("table", scope)) {
    const rows = rowsOf(table).filter((row) => !Array.isArray(row));
    const keys = Object.keys(rows[0] || {});
    const key = (name) => keys.find((label) => plain(label) === plain(name)) ??
      keys.find((label) => plain(label) === plain(resolve(items.properties[name], root).title || "?")) ??
      keys.find((label) => fit(label, name) >= 2);
    const required = items.required || [];
    if (!names.some(key) || !required.every(key)) continue;
    const values = rows.map((row) => Object.fromEntries(names.map((name) => [name, key(name) && coerce(row[key(name)], resolve(items.properties[name], root))])
      .filter(([, value]) => value !== undefined)));
    if (values.length) return values.filter((value) => required.every((name) => name in value));
  }
  return undefined;
};

const list = (name, schema, root, scope, path) => {
  const items = resolve(schema.items, root);
  const cut = (values) => ({ value: values.slice(0, schema.maxItems ?? 1000) });
  if (typeOf(items) === "object") {
    const table = fromTable(items, root, scope);
    if (table?.length) return cut(table);
    let bestScore = 0;
    let bestValues;
    const properties = Object.keys(items.properties || {}).length;
    for (const members of groups(scope)) {
      const sample = record(items, root, members[0], path);
      if (!sample.value) continue;
      // Every property found in the first is worth more than many members that have few.
      const filled = Object.keys(sample.value).length / properties;
      const score = filled * 10 + (named(members, name) ? 8 : 0) + Math.min(members.length, 20) / 20;
      if (filled < 0.5 || score <= bestScore) continue;
      bestScore = score;
      bestValues = members;
    }
    if (!bestValues) return { missing: [path] };
    return cut(bestValues.map((member) => record(items, root, member, path).value).filter(Boolean));
  }
  let values = schema["x-what"] ? read(schema["x-what"], scope) : undefined;
  if (!Array.isArray(values) || !values.length) values = labelled(name, scope) ?? (schema.title && labelled(schema.title, scope));
  if (!has(values)) values = groups(scope).filter((members) => named(members, name)).map((members) => members.map(textOf))[0];
  if (!has(values) && name) {
    const heading = all(NOUNS.heading, scope).find((element) => plain(textOf(element)) === plain(name));
    const next = heading?.nextElementSibling;
    values = next?.matches("ul, ol") ? [...next.children].map(textOf) : undefined;
  }
  if (!has(values) && ["items", "list", "entries"].includes(plain(name))) values = elements("list_item", scope).map(textOf);
  if (typeof values === "string") values = values.split(/\s*[,;\n]\s*/);
  values = (Array.isArray(values) ? values : []).map((value) => coerce(value, items)).filter((value) => value !== undefined);
  return values.length ? cut(values) : { missing: [path] };
};

acts.fillSchema = ({ schema }) => {
  const found = one("", schema, schema, document, "");
  return found.value === undefined ? { missing: found.missing.join(", "), has: [] } : { found: found.value };
};
