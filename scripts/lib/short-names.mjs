// The generator names each function that WebAssembly borrows from JavaScript after its signature and a hash,
// `__wbg_headers_7ce8eee7fd327545`, in the module and in its glue. Nobody reads these names at run time, and hashes do
// not compress: short ones take 2 kB off every download. Our own
// JavaScript, src/host.js, lies under a hash as well and moves beside the glue. Module and glue must agree, so they are
// rewritten together.
// What the module exports for closures is named after a hash, too.
const IMPORT_SECTION = 2;
const EXPORT_SECTION = 7;
const CLOSURE = /^wasm_bindgen__convert__closures\w+__h[0-9a-f]{16}$/;
const HASHED = /^__wb(g|indgen)_\w+_[0-9a-f]{16}$/;
const SNIPPET = /^\.\/snippets\/.+\/src\/(\w+\.js)$/;

/** Where the standard library's own files lay when it was built; its panics name them. */
const STANDARD = /\/rustc\/[0-9a-f]{40}\/library\/[\w./-]+?\.rs/g;

/**
 * The module without the names of the standard library's files. The panics of it that a user can meet name the file that
 * called it, which stays.
 */
export function withoutStandardPaths(wasm) {
  const blank = (path) => ' '.repeat(path.length);
  return Buffer.from(wasm.toString('latin1').replaceAll(STANDARD, blank), 'latin1');
}

/** The module and its glue with short names for what is imported. */
export function shortenImports(wasm, glue) {
  const names = new Map();
  const short = (name) => {
    const snippet = SNIPPET.exec(name);
    if (!snippet && !HASHED.test(name) && !CLOSURE.test(name)) return name;
    if (!names.has(name)) names.set(name, snippet ? `./${snippet[1]}` : `i${names.size.toString(36)}`);
    return names.get(name);
  };
  const parts = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const [size, start] = readInteger(wasm, at + 1);
    const body = wasm.subarray(start, start + size);
    let changed = body;
    if (wasm[at] === IMPORT_SECTION) changed = renameFields(body, short);
    if (wasm[at] === EXPORT_SECTION) changed = renameExports(body, short);
    parts.push(wasm.subarray(at, at + 1), integer(changed.length), changed);
    at = start + size;
  }
  let text = glue;
  for (const [name, to] of names) {
    const before = text;
    // Hashed names do not occur as parts of others.
    text = text.replaceAll(name, to);
    if (text === before) throw new Error(`the glue does not have ${name}, which the module imports`);
  }
  const shortened = Buffer.concat(parts);
  return { wasm: shortened, glue: importedByName(withoutUnused(text), shortened) };
}

/** What the glue has for runtimes that are too old for us, and for callers that we are not. */
const UNUSED = [
  // TextEncoder without encodeInto.
  /^if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n[\s\S]*?\n\}\n/m,
  // Texts that are passed without a way to grow: none are.
  /^ {4}if \(realloc === undefined\) \{\n[\s\S]*?\n {4}\}\n/m,
  // The parameter of initSync in its older form.
  / else \{\n\s+console\.warn\('using deprecated parameters for `initSync[\s\S]*?\n\s+\}/,
  // A client that is let go of by hand: the engine never does, and one that nobody holds is let go of all the same.
  /^if \(Symbol\.dispose\) .*\n/m,
  /^ {4}__destroy_into_raw\(\) \{\n[\s\S]*?\n {4}\}\n {4}free\(\) \{\n[\s\S]*?\n {4}\}\n/m,
];

function withoutUnused(glue) {
  return UNUSED.reduce((text, part) => text.replace(part, ''), glue);
}

/**
 * The generator imports a module of ours as a whole, once for each function of it. By name it is imported once, and what
 * the module of WebAssembly does not ask for can go.
 */
function importedByName(glue, wasm) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasm));
  const left = new Map();
  const once = glue.replaceAll(/^import \* as import\d+ from "(\.\/\w+\.js)";?\n/gm, (_line, file) => {
    if (left.has(file)) return '';
    const names = imports.flatMap(({ module, name }) => (module === file ? [name] : [])).join(', ');
    left.set(file, `"${file}": { ${names} },\n`);
    return `import { ${names} } from '${file}';\n`;
  });
  return once.replaceAll(/^ *"(\.\/\w+\.js)": import\d+,\n/gm, (line, file) => {
    const entry = left.get(file) ?? line;
    if (left.has(file)) left.set(file, '');
    return entry;
  });
}

/** Imports are: module name, field name, kind, description; only functions (kind 0) are expected. */
function renameFields(section, short) {
  let [count, at] = readInteger(section, 0);
  const parts = [integer(count)];
  for (; count > 0; count -= 1) {
    for (const _of of ['module', 'field']) {
      const [length, start] = readInteger(section, at);
      at = start + length;
      const name = Buffer.from(short(section.subarray(start, at).toString()));
      parts.push(integer(name.length), name);
    }
    if (section[at] !== 0) throw new Error('the module imports something that is no function');
    const end = readInteger(section, at + 1)[1];
    parts.push(section.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

/** Exports are: name, kind, number. */
function renameExports(section, short) {
  let [count, at] = readInteger(section, 0);
  const parts = [integer(count)];
  for (; count > 0; count -= 1) {
    const [length, start] = readInteger(section, at);
    at = start + length;
    const name = Buffer.from(short(section.subarray(start, at).toString()));
    const end = readInteger(section, at + 1)[1];
    parts.push(integer(name.length), name, section.subarray(at, end));
    at = end;
  }
  return Buffer.concat(parts);
}

/** An unsigned LEB128 integer at `at`, and where it ends. */
function readInteger(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

function integer(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
