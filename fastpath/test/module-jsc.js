// Runs in the shell of JavaScriptCore, which has no TextDecoder: jsc -m module-jsc.js -- FOLDER NAME...

globalThis.TextDecoder = class {
  decode(bytes) {
    const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`);
    return decodeURIComponent(escaped.join(''));
  }
};

const { classes, load } = await import('../module/example/host.js');
const [folder, ...names] = globalThis.arguments;
const found = {};
for (const name of names) {
  const file = (kind) => readFile(`${folder}/${name}.${kind}`, 'binary');
  try {
    const network = await load(file('wasm'));
    found[name] = classes(network.model, network.run(file('rgb')));
  } catch (error) {
    found[name] = String(error);
  }
}
print(JSON.stringify(found));
