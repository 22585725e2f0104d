// The generator names each function that WebAssembly borrows from JavaScript after its signature and a hash,
// `__wbg_headers_7ce8eee7fd327545`, in the module and in its glue. Nobody reads these names at run time, and hashes do
// not compress: short ones take 2 kB off every download. What the module exports for closures is named after a hash, too,
// and our own JavaScript, src/host.js, lies under one and moves beside the glue. Module and glue must agree, so they are
// rewritten together. All names that only these two know go the same way.
import { integer, readInteger, section, sections } from './wasm-sections.mjs';

const IMPORT_SECTION = 2;
const EXPORT_SECTION = 7;
const CLOSURE = /^wasm_bindgen__convert__closures\w+__h[0-9a-f]{16}$/;
const HASHED = /^__wb(g|indgen)_\w+_[0-9a-f]{16}$/;
/** What the glue calls as `wasm.NAME`. */
const INNER = /^(__(wbindgen|wbg|externref)_|rawclient_)\w+$/;
const SNIPPET = /^\.\/snippets\/.+\/src\/(\w+\.js)$/;

/** The module and its glue with short names for what they import and export between them. */
export function shortenNames(wasm, glue) {
  const names = new Map();
  const short = (name) => {
    const snippet = SNIPPET.exec(name);
    if (!snippet && ![CLOSURE, HASHED, INNER].some((form) => form.test(name))) return name;
    if (!names.has(name)) names.set(name, snippet ? `./${snippet[1]}` : `i${names.size.toString(36)}`);
    return names.get(name);
  };
  // A few things are exported that this glue does not use.
  const exported = (name) => (glue.includes(name) ? short(name) : '');
  const parts = [wasm.subarray(0, 8)];
  for (const { id, body } of sections(wasm)) {
    let changed = body;
    if (id === IMPORT_SECTION) changed = renameFields(body, short);
    if (id === EXPORT_SECTION) changed = renameExports(body, exported);
    parts.push(section(id, changed));
  }
  let text = glue;
  for (const [name, to] of names) {
    // Some are the beginning of others.
    text = text.replaceAll(new RegExp(`(?<!\\w)${name.replaceAll('.', '\\.')}(?!\\w)`, 'g'), to);
  }
  return { wasm: Buffer.concat(parts), glue: text };
}

/** Imports are: module name, field name, kind, description; only functions (kind 0) are expected. */
function renameFields(body, short) {
  let [count, at] = readInteger(body, 0);
  const parts = [integer(count)];
  for (; count > 0; count -= 1) {
    for (const _of of ['module', 'field']) {
      const [length, start] = readInteger(body, at);
      at = start + length;
      const name = Buffer.from(short(body.subarray(start, at).toString()));
      parts.push(integer(name.length), name);
    }
    if (body[at] !== 0) throw new Error('the module imports something that is no function');
    const end = readInteger(body, at + 1)[1];
    parts.push(body.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

/** Exports are: name, kind, number. What gets an empty name is exported no more. */
function renameExports(body, short) {
  let [count, at] = readInteger(body, 0);
  const parts = [];
  for (; count > 0; count -= 1) {
    const [length, start] = readInteger(body, at);
    at = start + length;
    const name = Buffer.from(short(body.subarray(start, at).toString()));
    const end = readInteger(body, at + 1)[1];
    if (name.length > 0) parts.push(Buffer.concat([integer(name.length), name, body.subarray(at, end)]));
    at = end;
  }
  return Buffer.concat([integer(parts.length), ...parts]);
}
