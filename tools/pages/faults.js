// What anybody would see is wrong with a page: words that are too pale (WCAG AA), wider than the
// window, cut off, without a name, too small to press.
() => {
  const faults = [];
  const told = (node) => `${node.tagName.toLowerCase()}${node.id ? `#${node.id}` : ""} «${(node.textContent || "").trim().slice(0, 30)}»`;
  const visible = (node) => {
    const box = node.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.right > 0 && getComputedStyle(node).visibility === "visible";
  };
  const colour = (words) => (words.match(/[\d.]+/g) || []).map(Number);
  const channel = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const back = colour(getComputedStyle(at).backgroundColor);
      if (back.length && (back[3] ?? 1) > 0) return back;
    }
    return [255, 255, 255];
  };
  // a heading has more lines than words, or parts of a name: some word stands in two of them
  const broken = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
    return lines > node.textContent.trim().split(/\s+|(?<=\S-)(?=\S)/).length;
  };
  const touching = (node) => {
    const next = node.nextElementSibling?.matches("details") ? node.nextElementSibling : null;
    return next && visible(next) && next.getBoundingClientRect().top - node.getBoundingClientRect().bottom < 4;
  };
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`wider than the window: ${document.documentElement.scrollWidth}`);
  for (const node of document.querySelectorAll("body *")) {
    if (!visible(node)) continue;
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    const style = getComputedStyle(node);
    if (own && !node.closest("svg, option, optgroup")) {
      const [light, dark] = [luminance(colour(style.color)), luminance(ground(node))].sort((a, b) => b - a);
      const needed = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
      if ((light + 0.05) / (dark + 0.05) < needed) faults.push(`too pale: ${told(node)}`);
      if (parseFloat(style.fontSize) < 12) faults.push(`too small: ${told(node)}`);
    }
    if (node.scrollWidth > node.clientWidth + 1 && style.overflowX === "hidden") faults.push(`cut off: ${told(node)}`);
    if (node.matches("th") && own && broken(node)) faults.push(`a word in two pieces: ${told(node)}`);
    if (node.matches("details[open] > summary") && touching(node)) faults.push(`no room below: ${told(node)}`);
    if (node.matches("button, input:not([type=hidden]), select, textarea, summary, nav a")) {
      const box = node.getBoundingClientRect();
      if (box.height < 24 || box.width < 24) faults.push(`too small to press: ${told(node)}`);
    }
    if (node.matches("input:not([type=hidden]), select, textarea") && !node.labels?.length && !node.getAttribute("aria-label")) faults.push(`without a name: ${told(node)} ${node.name}`);
    if (node.matches("img") && !node.alt) faults.push(`a picture without words: ${node.src}`);
  }
  return [...new Set(faults)];
}
