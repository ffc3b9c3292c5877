"""What a page is looked at for: names, sizes, contrast, focus, large text (WCAG 2.2, AA)."""

# A small part of what axe looks for; no package of npm is worth it. Returns what is wrong.
AUDIT = """() => {
  const wrong = [];
  const seen = (node) => node.getClientRects().length && getComputedStyle(node).visibility === "visible";
  const roles = ["button", "menuitem", "radio", "tab", "switch"].map((role) => `[role=${role}]`);
  const controls = ["button", "a[href]", "input", "textarea", "select", "summary", ...roles].join(",");
  for (const node of document.querySelectorAll(controls)) {
    if (!seen(node)) continue;
    const label = node.labels?.[0]?.textContent;
    const name = node.getAttribute("aria-label") || label || node.textContent || node.title;
    if (!name.trim()) wrong.push(`no name: ${node.outerHTML.slice(0, 120)}`);
    const { width, height } = node.getBoundingClientRect();
    const inline = getComputedStyle(node).display === "inline" || node.closest(".words");
    const small = width < 24 || height < 24;
    if (small && !inline && !node.closest("label") && width > 1) wrong.push(`small: ${node.outerHTML.slice(0, 120)}`);
    if (node.closest("[aria-hidden=true]")) wrong.push(`hidden control: ${node.outerHTML.slice(0, 120)}`);
  }
  for (const image of document.querySelectorAll("img")) if (!image.hasAttribute("alt")) wrong.push(`no alt: ${image.src}`);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  wrong.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id twice: ${id}`));
  for (const node of document.querySelectorAll("[aria-labelledby], [aria-controls]")) {
    for (const id of ["aria-labelledby", "aria-controls"].flatMap((name) => (node.getAttribute(name) ?? "").split(" ").filter(Boolean))) {
      if (!document.getElementById(id)) wrong.push(`no such id: ${id}`);
    }
  }
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen).map((node) => Number(node.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) wrong.push(`headings: ${levels}`);
  if (!document.documentElement.lang) wrong.push("no language");
  return wrong;
}"""  # noqa: E501
# Every visible text against what is painted under it; gradients and pictures count by the tokens.
CONTRAST = """() => {
  const parse = (text) => {
    const parts = text.match(/[\\d.]+/g)?.map(Number);
    if (!parts) return null;
    return text.startsWith("color(srgb") ? [...parts.slice(0, 3).map((part) => part * 255), parts[3] ?? 1] : [parts[0], parts[1], parts[2], parts[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3]));
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const wrong = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const words = texts.currentNode.data.trim();
    const style = getComputedStyle(node);
    if (!words || !node.getClientRects().length || style.visibility !== "visible" || node.closest("[disabled], .unseen, .spoiler, noscript")) continue;
    if (/^[\\p{Emoji}\\p{P}\\s\\u200d\\ufe0f]+$/u.test(words) && !/\\d/.test(words)) continue;
    const layers = [];
    let ground = null;
    for (let at = node; at && !ground; at = at.parentElement) {
      const own = getComputedStyle(at);
      if (own.backgroundImage !== "none") { ground = "picture"; break; }
      const colour = parse(own.backgroundColor);
      if (colour && colour[3] === 1) ground = colour;
      else if (colour && colour[3] > 0) layers.unshift(colour);
      if (Number(own.opacity) < 1) { ground = "picture"; break; }
    }
    if (!ground || ground === "picture") continue;
    const under = layers.reduce((below, layer) => over(layer, below), ground.slice(0, 3));
    const ink = over(parse(style.color), under);
    const [dark, bright] = [light(ink), light(under)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < (large ? 3 : 4.5)) wrong.push(`${ratio.toFixed(2)} ${node.className}: ${words.slice(0, 40)}`);
  }
  return wrong;
}"""  # noqa: E501
# What moves is between two looks; what it comes to is judged.
AT_REST = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished))"""
FOCUSED = """() => {
  const node = document.activeElement;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const place = node.closest(".top, .pane, .machine, .skip");
  return {
    name: node.getAttribute("aria-label") || node.textContent.trim() || node.title,
    place: place?.id || place?.className || node.tagName,
    shown: box.width > 0 && box.height > 0,
    ring: style.outlineStyle !== "none" || style.boxShadow !== "none" || getComputedStyle(node.parentElement).boxShadow !== "none",
  };
}"""  # noqa: E501
FITS = """() => {
  const wrong = [];
  if (document.documentElement.scrollWidth > innerWidth + 1) wrong.push(`as wide as ${document.documentElement.scrollWidth}`);
  for (const node of document.querySelectorAll("button, h1, h2, .input, .ib, .words")) {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    if (!box.width || style.visibility !== "visible" || node.closest(".people, .unseen, .skip, .tabs")) continue;
    const cut = node.scrollWidth > node.clientWidth + 2 && style.overflowX === "hidden" && style.textOverflow !== "ellipsis";
    const out = box.left < -1 || box.right > innerWidth + 1;
    if (cut || out) wrong.push(`${cut ? "cut" : "outside"}: ${node.className} ${node.textContent.slice(0, 30)}`);
  }
  return wrong;
}"""  # noqa: E501

# Headings of tables with a word in two lines: more lines than words, or parts of a name.
TORN = """() => [...document.querySelectorAll("th")].filter((node) => {
  const range = document.createRange();
  range.selectNodeContents(node);
  const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
  return lines > node.textContent.trim().split(/\\s+|(?<=\\S-)(?=\\S)/).length;
}).map((node) => node.textContent)"""
