// Telegram hands over who opened the app, and its colours, behind the # of the address.
"use strict";

const handed = new URLSearchParams(location.hash.slice(1));

function remember(name) {
  const value = handed.get(name);
  try {
    if (value) sessionStorage.setItem(name, value);
    return value || sessionStorage.getItem(name);
  } catch {
    return value;
  }
}

function wearColours() {
  let colours;
  try {
    colours = JSON.parse(remember("tgWebAppThemeParams") || "");
  } catch {
    return;
  }
  const back = /^#[0-9a-f]{6}$/i.exec(colours.bg_color || "");
  if (!back) return;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(back[0].slice(at, at + 2), 16));
  const dark = red * 0.299 + green * 0.587 + blue * 0.114 < 128;
  document.documentElement.classList.add(dark ? "dark" : "light");
}

// Telegram says who opened the app whenever it opens it: the browser may still have the session of
// another account of theirs.
function signIn() {
  const form = document.getElementById("login");
  const data = handed.get("tgWebAppData");
  if (data) {
    enter(form || blankForm(), data);
  } else if (document.getElementById("else")) {
    const told = document.getElementById("told");
    if (told) told.hidden = true;
    document.getElementById("else").hidden = false;
  }
}

function enter(form, data) {
  form.elements.init_data.value = data;
  const ticket = /^\/app\/t\/(\d+)$/.exec(location.pathname);
  form.elements.start.value = new URLSearchParams(data).get("start_param") || (ticket ? ticket[1] : "");
  history.replaceState(null, "", location.pathname + location.search);
  form.submit();
}

function blankForm() {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/app/login";
  form.hidden = true;
  for (const name of ["init_data", "start"]) {
    const field = document.createElement("input");
    field.name = name;
    form.append(field);
  }
  document.body.append(form);
  return form;
}

// Where the lists do not fit side by side, the one that is shown is in sight; once, for whoever
// looks at the others then.
function showChosen() {
  const chosen = document.querySelector(".lists [aria-current]:not([data-shown])");
  if (!chosen) return;
  const lists = chosen.parentElement;
  lists.scrollLeft = chosen.offsetLeft - lists.offsetLeft - (lists.clientWidth - chosen.offsetWidth) / 2;
  chosen.dataset.shown = "";
}

wearColours();
signIn();
showChosen();
document.addEventListener("htmx:afterSettle", showChosen);
