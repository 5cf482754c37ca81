// The plain chat page until the widget replaces it. No markup from the server: text only.

const LABELS = {
  en: {
    notice: "A program, not a person or a doctor. Please leave out names and phone numbers; whoever runs this site can read what is written here. In danger: call your local emergency number now.",
    placeholder: "Ask in English or Chinese", text: "Your message", send: "Send", language: "Language",
    log: "Conversation", sources: "Sources", you: "You", bot: "Upright", starters: "You could ask:",
    offline: "No connection to Upright. Your words are still in the box. In danger, call your local emergency number now.",
    questions: ["How risky is it?", "What does it cost?", "I can't stand being short"],
  },
  zh: {
    notice: "我是程序，不是真人，也不是医生。请别写姓名和电话，管理这个网站的人看得到聊天内容。有危险的时候，现在就打当地的急救或报警电话。",
    placeholder: "中文、英文都可以问", text: "你的消息", send: "发送", language: "语言",
    log: "对话", sources: "出处", you: "你", bot: "挺好", starters: "可以这样问：",
    offline: "连不上挺好。你写的话还在框里。如果有危险，现在就打当地的急救或报警电话。",
    questions: ["断骨增高风险大吗？", "大概要多少钱？", "我受不了自己这么矮"],
  },
};

const $ = (id) => document.getElementById(id);
const [log, form, box, send, chooser] = ["log", "form", "text", "send", "language"].map($);
let shown = navigator.language.startsWith("zh") ? "zh" : "en";
let token = null;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function label() {
  const words = LABELS[shown];
  document.documentElement.lang = shown === "zh" ? "zh-Hans" : "en";
  $("notice").textContent = words.notice;
  $("text-label").textContent = words.text;
  $("language-label").textContent = words.language;
  log.setAttribute("aria-label", words.log);
  box.placeholder = words.placeholder;
  send.textContent = words.send;
}

function choices(items) {
  const row = element("div", "choices");
  for (const { title, payload } of items) {
    const button = element("button", "", title);
    button.type = "button";
    button.addEventListener("click", () => say(title, payload));
    row.append(button);
  }
  return row;
}

function show(message, mine) {
  const said = element("div", mine ? "said me" : "said");
  if (message.language) said.lang = message.language === "zh" ? "zh-Hans" : "en";
  const bubble = element("p", "bubble");
  bubble.append(element("span", "hidden", `${LABELS[shown][mine ? "you" : "bot"]}: `), message.text);
  said.append(bubble);
  if (message.sources?.length && message.template !== "kb_sources") {
    const more = element("details");
    more.append(element("summary", "", `${LABELS[shown].sources} (${message.sources.length})`));
    const list = element("ul");
    for (const source of message.sources) {
      list.append(element("li", "", `${source.citation} (${source.year}). ${source.kind}. ${source.locator}`));
    }
    more.append(list);
    said.append(more);
  }
  if (message.buttons?.length) said.append(choices(message.buttons));
  log.append(said);
  return said;
}

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body ?? {}) });
  return { status: answer.status, data: await answer.json() };
}

async function deliver(body) {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    token ??= (await post("session")).data.token;
    const { status, data } = await post("messages", body);
    if (status !== 401) return data.messages ?? [data.error];
    token = null; // the server was restarted or the token is old: begin anew
  }
  throw new Error("no session");
}

// A new message may be sent while an answer is awaited: nobody has to wait to cry for help.
async function say(text, payload) {
  const mine = show({ text }, true);
  log.scrollTop = log.scrollHeight;
  try {
    const body = { text: payload ? "" : text, language: chooser.value || undefined };
    if (payload) body.payload = payload;
    const replies = await deliver(body);
    for (const reply of replies) show(reply, false);
    const language = replies.at(-1)?.language;
    if (language && language !== shown) {
      shown = language;
      label();
    }
    log.scrollTop = mine.offsetTop - log.offsetTop; // a long answer is read from its beginning
  } catch {
    mine.remove();
    if (!payload) box.value = text;
    show({ text: LABELS[shown].offline }, false);
    log.scrollTop = log.scrollHeight;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = box.value.trim();
  if (!text) return;
  box.value = "";
  say(text);
  box.focus();
});
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
chooser.addEventListener("change", () => {
  if (chooser.value) {
    shown = chooser.value;
    label();
  }
});

label();
const start = element("div", "said");
start.append(element("p", "bubble", LABELS[shown].starters));
const row = element("div", "choices");
for (const question of LABELS[shown].questions) {
  const button = element("button", "", question);
  button.type = "button";
  button.addEventListener("click", () => say(question));
  row.append(button);
}
start.append(row);
log.append(start);
box.focus();
