// Telegram's entities, flat and in UTF-16 units as JavaScript counts too, become a tree. Pure.

/**
 * @typedef {{type: string, offset: number, length: number, url?: string, language?: string, user?: object, unix_time?: number, date_time_format?: string}} Entity
 * @typedef {string | {entity: Entity, children: Node[]}} Node
 * @param {string} text @param {Entity[]} [entities] @returns {Node[]}
 */
export function tree(text, entities = []) {
  const sorted = entities
    .filter((entity) => entity.length > 0 && entity.offset >= 0 && entity.offset < text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  return level(text, sorted, 0, text.length);
}

function level(text, sorted, from, to) {
  const nodes = [];
  let at = from;
  for (let index = 0; index < sorted.length; ) {
    const entity = sorted[index];
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    let next = index + 1;
    while (next < sorted.length && sorted[next].offset < end) next += 1;
    if (end > start) {
      if (start > at) nodes.push(text.slice(at, start));
      // One that sticks out (Telegram sends none) is cut at its parent's end.
      nodes.push({ entity, children: level(text, sorted.slice(index + 1, next), start, end) });
      at = end;
    }
    index = next;
  }
  if (to > at) nodes.push(text.slice(at, to));
  return nodes;
}

/** The line breaks around a block are the block's own: shown twice they would leave holes. */
export function trimmed(nodes) {
  const block = (node) => typeof node === "object" && /^(pre|blockquote|expandable_blockquote)$/.test(node.entity.type);
  return nodes
    .map((node, at) => {
      if (typeof node !== "string") return node;
      let text = node;
      if (at > 0 && block(nodes[at - 1])) text = text.replace(/^\n/, "");
      if (at + 1 < nodes.length && block(nodes[at + 1])) text = text.replace(/\n$/, "");
      return text;
    })
    .filter((node) => node !== "");
}
