// What the page asks of its server. A refusal becomes an Error whose words may be shown.

import { language } from "./i18n.js";

async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", ...packed(body) };
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch {
    throw new Error(language() === "ru" ? "Сервер страницы не отвечает." : "The page’s server does not answer.");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Error((language() === "en" && answer.error_en) || answer.error || `${response.status}`);
}

/** JSON, or a form with files. */
function packed(body) {
  if (!body.files?.length) {
    const { files, ...plain } = body;
    return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(plain) };
  }
  const form = new FormData();
  const { files, ...plain } = body;
  form.append("act", JSON.stringify(plain));
  for (const file of files) form.append("file", file, file.name);
  return { body: form };
}

export const api = {
  world: () => call("world"),
  /** @param {{as: number, chat?: number, do: string, files?: File[]}} act */
  act: (act) => call("act", act),
  miniApp: (who, theme) => call(`app?as=${who}&theme=${theme}`),
  mail: (who) => call(`mail?box=${encodeURIComponent(who)}`),
  mailFile: (who, letter, at) => `mail?box=${encodeURIComponent(who)}&letter=${letter}&file=${at}`,
  writeMail: (letter) => call("mail", letter),
  trouble: (trouble) => call("trouble", trouble),
};
