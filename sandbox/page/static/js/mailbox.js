// The mailbox: a customer writes mail to the desk, and reads what it sends.

import { api } from "./api.js";
import { fill, h, isolated } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "./toasts.js";

const LOOK_EVERY = 1500;

/** Open the mailbox over the page; it follows what arrives until it is closed. */
export function openMailbox() {
  let who = "anna", answers = null, timer = 0, seen = "";
  const list = h("div.letters", { "aria-live": "polite" });
  const box = h("select", { "aria-label": t("mail_whose"), onchange: () => { who = box.value; seen = ""; answer(null); look(); } });
  const subject = h("input", { name: "subject", placeholder: t("mail_subject"), "aria-label": t("mail_subject"), maxlength: 150 });
  const words = h("textarea", { name: "text", rows: 4, placeholder: t("mail_text"), "aria-label": t("mail_text") });
  const about = h("p.about-answer", { hidden: true });
  const chosen = h("span.file");
  const files = h("input", { type: "file", multiple: true, onchange: () => fill(chosen, [...files.files].map((one) => isolated(one.name)).flatMap((name, at) => (at ? [", ", name] : [name]))) });
  const form = h("form.write-mail", { onsubmit: send },
    h("h2", {}, t("mail_title")), box, about, subject, words,
    h("div.attach", {}, h("label.button", {}, t("mail_files"), files), chosen),
    h("div.row-end", {},
      h("button.button", { type: "button", onclick: () => dialog.close() }, t("close")),
      h("button.button.main", { type: "submit" }, t("mail_send"))));
  const dialog = h("dialog.dialog.mailbox", { "aria-label": t("mail_title"), onclose: () => { clearInterval(timer); dialog.remove(); } }, form, list);

  function answer(letter) {
    answers = letter?.id ?? null;
    about.hidden = !letter;
    subject.hidden = Boolean(letter);
    fill(about, letter ? [t("mail_answers"), " ", isolated(letter.subject)] : []);
    if (letter) words.focus();
  }

  async function send(event) {
    event.preventDefault();
    try {
      await api.writeMail({ as: who, subject: answers ? "" : subject.value, text: words.value, answers, files: [...files.files] });
      form.reset();
      fill(chosen, []);
      box.value = who;
      answer(null);
      toast(t("mail_sent"));
    } catch (error) {
      toast(error.message);
    }
  }

  async function look() {
    const found = await api.mail(who).catch(() => null);
    if (!found || !dialog.isConnected) return;
    if (!box.options.length) fill(box, found.boxes.map((one) => h("option", { value: one.name }, `${one.title} · ${one.address}`)));
    const now = JSON.stringify(found.letters);
    if (now === seen) return;
    seen = now;
    fill(list, found.letters.length ? found.letters.map(letterOf) : h("p.none", {}, t("mail_none")));
  }

  const letterOf = (letter) => h("article.letter", {},
    h("h3", {}, isolated(letter.subject)),
    h("p.from", {}, isolated(letter.from)),
    h("p.words", { dir: "auto" }, letter.text),
    letter.files.map((name, at) => h("p.file", {}, "📎 ", h("a", { href: api.mailFile(who, letter.id, at), download: name }, isolated(name)))),
    h("button.button", { type: "button", onclick: () => answer(letter) }, t("mail_answer")));

  document.body.append(dialog);
  dialog.showModal();
  look();
  timer = setInterval(look, LOOK_EVERY);
}
