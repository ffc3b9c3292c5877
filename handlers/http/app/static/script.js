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

function signIn() {
  const form = document.getElementById("login");
  if (!form) return;
  const data = handed.get("tgWebAppData");
  if (!data) {
    document.getElementById("told").hidden = true;
    document.getElementById("else").hidden = false;
    return;
  }
  form.elements.init_data.value = data;
  form.elements.start.value = new URLSearchParams(data).get("start_param") || "";
  history.replaceState(null, "", location.pathname + location.search);
  form.submit();
}

wearColours();
signIn();
