// Files: chosen, pasted or dropped, looked at once more, and sent.

import { h } from "../dom.js";
import { bytes } from "../format.js";
import { icon } from "../icons.js";
import { t } from "../i18n.js";
import { shown, toast } from "../toasts.js";

const MOST = 10; // of an album

/**
 * @param {import("../panes/pane.js").Context} ctx
 * @param {{field: HTMLElement, input: HTMLElement, target: () => number|undefined, sent: () => void}} where
 */
export function watchFiles(ctx, { field, input, target, sent }) {
  const section = ctx.section;
  const drop = h("div.drop", { hidden: true }, h("span", {}, t("drop_here")));
  field.append(drop);
  const holds = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  section.addEventListener("dragover", (event) => {
    if (!holds(event) || !ctx.mayWrite()) return;
    event.preventDefault();
    drop.firstChild.textContent = t("drop_here");
    drop.hidden = false;
  });
  section.addEventListener("dragleave", (event) => { if (!section.contains(event.relatedTarget)) drop.hidden = true; });
  section.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    drop.hidden = true;
    if (ctx.mayWrite()) offer([...event.dataTransfer.files]);
  });
  input.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    offer(files);
  });

  function choose(accept) {
    const picker = h("input", { type: "file", multiple: true, accept, hidden: true });
    picker.addEventListener("change", () => { offer([...picker.files], { asFiles: !accept }); picker.remove(); });
    picker.addEventListener("cancel", () => picker.remove());
    section.append(picker);
    picker.click();
  }

  /** Look at them, write a caption, send. */
  async function offer(files, { asFiles = false } = {}) {
    if (!files.length) return;
    if (files.length > MOST) { toast(t("too_many_files", { most: MOST }), section); files = files.slice(0, MOST); }
    const urls = [];
    const visual = files.every((file) => /^(image|video)\//.test(file.type));
    const compress = h("input", { type: "checkbox", checked: visual && !asFiles });
    const caption = h("textarea", { rows: "1", dir: "auto", maxlength: "1024", placeholder: t("caption"), "aria-label": t("caption") });
    const dialog = h("dialog.dialog.files-dialog", { "aria-labelledby": "files-title" }, h("form", { method: "dialog" },
      h("h2", { id: "files-title" }, t("send_files", { count: files.length })),
      h("div.previews", { class: `n${Math.min(files.length, 3)}` }, files.map((file) => preview(file, urls))),
      visual ? h("label.check", {}, compress, t("compress")) : null,
      caption,
      h("div.row-end", {}, h("button.button", { value: "" }, t("cancel")), h("button.button.main", { value: "send" }, t("send")))));
    caption.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); dialog.close("send"); }
    });
    setTimeout(() => caption.focus(), 0);
    const answer = await shown(dialog);
    urls.forEach((url) => URL.revokeObjectURL(url));
    if (answer === "send") await send(files, { caption: caption.value.trim(), plain: !(visual && compress.checked) });
  }

  /** As an album where they go together, else one by one. */
  async function send(files, { caption = "", plain = false } = {}) {
    const reply_to = target();
    sent();
    if (files.length > 1 && !plain) return ctx.act({ do: "album", files, caption, reply_to });
    for (const [at, file] of files.entries()) {
      const kind = plain ? "document" : kindOf(file);
      if (!(await ctx.act({ do: kind, files: [file], caption: at ? "" : caption, reply_to }))) return null;
    }
    return {};
  }
  return { choose, offer, send };
}

/** What a file becomes when it is not sent as a plain file. */
function kindOf(file) {
  if (file.type === "image/gif") return "animation";
  const family = file.type.split("/")[0];
  return { image: "photo", video: "video", audio: "audio" }[family] ?? "document";
}

function preview(file, urls) {
  const url = URL.createObjectURL(file);
  urls.push(url);
  if (file.type.startsWith("image/")) return h("img", { src: url, alt: file.name });
  if (file.type.startsWith("video/")) return h("video", { src: url, muted: true, "aria-label": file.name });
  return h("div.file", {}, h("span.disc", {}, icon("file")), h("span.about", {}, h("b", { dir: "auto" }, file.name), h("small", {}, bytes(file.size))));
}
