/** The script of a site: one tag puts one chat on the page, unless the page has one of its own. */
import { UprightChat } from "./ui/chat";
import { define } from "./ui/piece";

// Read now: it is gone when the page has loaded.
const script = document.currentScript as HTMLScriptElement | null;

function place(): void {
  if (!script || document.querySelector("upright-chat")) return;
  const chat = document.createElement("upright-chat");
  for (const { name, value } of Array.from(script.attributes)) {
    if (name.startsWith("data-")) chat.setAttribute(name.slice(5), value);
  }
  document.body.append(chat);
}

define("upright-chat", UprightChat);
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
else place();
