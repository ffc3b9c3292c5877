// Building nodes. Words of people only ever become text nodes: nothing here parses HTML.

/**
 * h("button.ib", {type: "button", onclick}, "text", node, null) → element.
 * Keys: on… are listeners, style is an object of properties, data an object, others attributes (false/null: none).
 * @param {string} spec tag and classes
 */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props ?? {})) set(node, key, value);
  append(node, children);
  return node;
}

function set(node, key, value) {
  if (value === false || value === null || value === undefined) return;
  if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
  else if (key === "style") for (const [name, what] of Object.entries(value)) node.style.setProperty(name, what);
  else if (key === "data") Object.assign(node.dataset, value);
  else if (key === "class") node.classList.add(...String(value).split(" ").filter(Boolean));
  else node.setAttribute(key, value === true ? "" : value);
}

/** Append strings and nodes, flattening arrays, skipping what is empty. */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** Replace everything inside. */
export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

/** Words in which direction tricks stay inside: a name, a title. */
export const isolated = (text, spec = "bdi") => h(spec, spec.startsWith("bdi") ? {} : { dir: "auto" }, text);

/** Arrow keys walk through the items (roving focus). @param {HTMLElement} box @param {string} selector */
export function arrows(box, selector, { rows = false } = {}) {
  box.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, ...(rows ? {} : { ArrowRight: 1, ArrowLeft: -1 }) };
    const items = [...box.querySelectorAll(selector)].filter((item) => !item.disabled && item.offsetParent);
    const at = items.indexOf(document.activeElement);
    let next;
    if (event.key in steps) next = items[(at + steps[event.key] + items.length) % items.length];
    else if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items.at(-1);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/** The first call at once, later ones at most once per frame. */
export function perFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    // A page in the background gets no frames, yet must keep up.
    const run = () => { if (asked) { asked = false; work(); } };
    requestAnimationFrame(run);
    setTimeout(run, 120);
  };
}
