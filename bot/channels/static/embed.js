// The configurator of /embed: writes the line to paste, and shows the same chat on this page.
// @ts-check

const form = /** @type {HTMLFormElement} */ (document.getElementById("choices"));
const line = /** @type {HTMLTextAreaElement} */ (document.getElementById("line"));
const said = /** @type {HTMLElement} */ (document.getElementById("said"));
const DEFAULTS = { language: "auto", region: "", position: "right", theme: "auto", accent: "#1f5f5b", question: "" };

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** @returns {[string, string][]} what differs from the defaults */
function chosen() {
  const values = Object.fromEntries(new FormData(form));
  return Object.entries(DEFAULTS)
    .map(([name, usual]) => /** @type {[string, string, string]} */ ([name, String(values[name] ?? "").trim(), usual]))
    .filter(([, value, usual]) => value && value !== usual)
    .map(([name, value]) => [name, value]);
}

function show() {
  const attributes = chosen();
  const data = attributes.map(([name, value]) => ` data-${name}="${escaped(value)}"`).join("");
  line.value = `<script src="${location.origin}/chat/upright.js"${data} async></scr` + "ipt>";
  const old = document.querySelector("upright-chat");
  if (!old) return; // its script has not come yet
  const fresh = document.createElement("upright-chat");
  const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  fresh.setAttribute("language", language);
  for (const [name, value] of attributes) fresh.setAttribute(name, value);
  old.replaceWith(fresh);
}

form.addEventListener("change", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("copy")?.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(line.value);
    said.textContent = form.dataset.copied ?? "";
  } catch {
    line.select();
    said.textContent = form.dataset.notCopied ?? "";
  }
});
show();
