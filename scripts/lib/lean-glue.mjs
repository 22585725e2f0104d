// What wasm-bindgen's glue has that this package does not need, taken out.

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

/** The glue of `wasm` without that. */
export function leanGlue(glue, wasm) {
  return importedByName(
    UNUSED.reduce((text, part) => text.replace(part, ''), glue),
    wasm,
  );
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
