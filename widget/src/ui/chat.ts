import { html, LitElement, nothing, type PropertyValues, unsafeCSS } from "lit";
import { Api } from "../core/api";
import { Keep } from "../core/storage";
import { Conversation } from "../core/store";
import type { Choice, Language, Message } from "../core/types";
import {
  homeland,
  htmlLang,
  languageOf,
  linesOf,
  type Speak,
  speak,
  starters,
} from "../core/words";
import css from "../styles/chat.css?inline";
import { icon } from "./icons";
import { lineCard } from "./lines";
import "./composer";
import "./log";
import "./opening";
import type { Settings } from "./settings";
import "./settings";

type Sheet = "help" | "settings" | undefined;

const NARROW = "(max-width: 479.98px), (max-height: 479.98px)"; // also a phone on its side
const DARK = "(prefers-color-scheme: dark)";
const SIZES = { "1": "1", "2": "1.2", "3": "1.45" };
const taken = new Set<string>(); // names under which the chats of this page keep things

/** Where the script came from; a page that bundles the element gives `server` itself. */
const script =
  typeof document === "undefined" ? null : (document.currentScript as HTMLScriptElement | null);
const HOME = script?.src ? new URL(".", script.src).href : new URL("/chat/", location.href).href;

/**
 * The chat: a button in the corner and a panel, or a whole region of a page (`mode="page"`).
 * Fires `upright-open`, `upright-close` and `upright-message` (detail: {author, id}, no words).
 */
export class UprightChat extends LitElement {
  static override styles = unsafeCSS(css);
  static override properties = {
    server: {},
    language: {},
    region: {},
    position: {},
    theme: {},
    mode: { reflect: true },
    question: {},
    leaveUrl: { attribute: "leave-url" },
    open: { type: Boolean, reflect: true },
    sheet: { state: true },
    unread: { state: true },
    said: { state: true },
    alert: { state: true },
  };
  server = "";
  language = "auto";
  region = "";
  position = "right";
  theme = "auto";
  mode = "bubble";
  question = "";
  leaveUrl = "";
  open = false;

  private sheet: Sheet;
  private unread = 0;
  /** Said to screen readers, and shown for errors. */
  private said = "";
  private alert = "";
  private conversation!: Conversation; // this and the next: from the first connection on
  private keep!: Keep;
  private name = "";
  private settings: Settings = {};
  private heard: Language | undefined;
  private chosenRegion = "";
  private wasOnline = true;
  private wasEnded = false;
  private quietly = false;
  private listening!: AbortController;

  /** Opens the chat. */
  show(): void {
    this.open = true;
  }

  /** Closes it; the conversation goes on. */
  close(): void {
    if (!this.page) this.open = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const base = new URL(this.server || HOME, location.href).href.replace(/\/$/, "");
    const wished = `upright:${base}${this.id && `#${this.id}`}`;
    this.name = wished;
    for (let count = 2; taken.has(this.name); count++) this.name = `${wished}~${count}`;
    taken.add(this.name);
    const keep = new Keep(
      this.name,
      () => sessionStorage,
      () => localStorage,
    );
    const conversation = new Conversation(new Api(base), keep);
    this.keep = keep;
    this.conversation = conversation;
    this.server = base;
    const accent = this.getAttribute("accent") ?? "";
    if (/^#[0-9a-f]{6}$/i.test(accent)) this.style.setProperty("--upright-accent", accent);
    this.settings = keep.get<Settings>("settings") ?? {};
    this.chosenRegion = keep.get<string>("region") ?? "";
    this.listening = new AbortController();
    const { signal } = this.listening;
    conversation.addEventListener("change", () => this.changed(), { signal });
    conversation.addEventListener(
      "message",
      (event) => this.arrived((event as CustomEvent<Message>).detail),
      { signal },
    );
    const wake = () => (document.hidden ? conversation.rest() : conversation.wake());
    window.addEventListener("online", wake, { signal });
    window.addEventListener("offline", () => conversation.lost(), { signal });
    document.addEventListener("visibilitychange", wake, { signal });
    window.addEventListener("storage", (event) => this.elsewhere(event), { signal });
    matchMedia(DARK).addEventListener("change", () => this.requestUpdate(), { signal });
    matchMedia(NARROW).addEventListener("change", () => this.reopen(), { signal });
    for (const name of ["resize", "scroll"])
      visualViewport?.addEventListener(name, () => this.fit(), { signal });
    if (this.page) this.open = true;
    else if (keep.get("open") && !matchMedia(NARROW).matches) {
      this.quietly = true; // the page was loaded anew: no stealing of the focus
      this.open = true;
    }
    if (document.hidden) wake();
    if (conversation.begun) void conversation.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.listening.abort();
    this.conversation.stop();
    taken.delete(this.name);
  }

  // --- language, look ----------------------------------------------------------------------------

  private get page(): boolean {
    return this.mode === "page";
  }

  /** The language asked for by the person or the site; undefined where neither did. */
  private get asked(): Language | undefined {
    const own = this.settings.language;
    return own ? (own === "auto" ? undefined : own) : languageOf(this.language);
  }

  private get spoken(): Language {
    return (
      this.asked ??
      this.heard ??
      languageOf(document.documentElement.lang) ??
      languageOf(navigator.language) ??
      "en"
    );
  }

  private get t(): Speak {
    return speak(this.spoken);
  }

  private get dark(): boolean {
    const theme = this.settings.theme ?? this.theme;
    return theme === "dark" || (theme !== "light" && matchMedia(DARK).matches);
  }

  /** The country as an ISO code, where the person or the site said one. */
  private get place(): string {
    const code = (this.chosenRegion || this.region || "").toUpperCase();
    return /^[A-Z]{2}$/.test(code) ? code : "";
  }

  private get safety() {
    const path = this.spoken === "zh" ? "/safety/zh" : "/safety/";
    return html`<a part="safety" target="_blank" rel="noopener noreferrer" href=${new URL(path, this.server).href}>${this.t("opening_safety")}<span class="hidden"> ${this.t("new_tab")}</span></a>`;
  }

  // --- rendering ---------------------------------------------------------------------------------

  protected override render() {
    const { t, open, unread } = this;
    const label = unread ? t("launcher_unread", { count: unread }) : t("launcher");
    return html`<div class="root ${this.page ? "page" : "corner"} ${this.position === "left" ? "left-side" : ""}" lang=${htmlLang(this.spoken)} data-theme=${this.dark ? "dark" : "light"}
        @write=${(event: CustomEvent<string>) => this.write(event.detail)}
        @choose=${(event: CustomEvent<Choice>) => this.send(event.detail)}
        @say=${(event: CustomEvent<string>) => this.say(event.detail)}
        @retry=${(event: CustomEvent<string>) => this.conversation.retry(event.detail)}
        @copy=${this.copy} @save=${(event: CustomEvent<{ name: string; blob: Blob }>) => this.save(event.detail.name, event.detail.blob)}
        @region=${(event: CustomEvent<string>) => this.setRegion(event.detail)}
        @set=${(event: CustomEvent<Settings>) => this.set(event.detail)}
        @remember=${(event: CustomEvent<boolean>) => this.remember(event.detail)}
        @consent=${(event: CustomEvent<boolean>) => this.consent(event.detail)}
        @export=${(event: CustomEvent<"text" | "json">) => this.export(event.detail)}
        @anew=${this.anew} @delete=${this.delete}>
      ${
        this.page
          ? html`<section class="panel" id="panel" part="panel" aria-label=${t("region_label")} @keydown=${this.key}>${this.panel()}</section>`
          : html`<button type="button" class="launcher" id="launcher" part="launcher" aria-haspopup="dialog" aria-expanded=${open ? "true" : "false"} aria-label=${label} ?hidden=${open} @click=${this.show}>
              ${icon("chat")}<span>${t("title")}</span>${unread ? html`<b class="badge" part="badge" data-count=${unread}></b>` : nothing}
            </button>
            <dialog class="panel" id="panel" part="panel" aria-label=${t("region_label")} @keydown=${this.key} @cancel=${this.cancel}>${open ? this.panel() : nothing}</dialog>`
      }
    </div>`;
  }

  private panel() {
    const { t, sheet, conversation } = this;
    return html`
      <header class="header" part="header">
        <h2 id="title">${t("title")}</h2>
        <button type="button" id="help" class="help" part="help-button" aria-expanded=${sheet === "help" ? "true" : "false"} aria-controls="sheet" @click=${() => this.turn("help")}>${t("help")}</button>
        <button type="button" id="leave" part="leave-button" @click=${this.leave}>${t("leave")}</button>
        <button type="button" id="settings" class="icon" part="settings-button" aria-label=${t("settings")} aria-expanded=${sheet === "settings" ? "true" : "false"} aria-controls="sheet" @click=${() => this.turn("settings")}>${icon("settings")}</button>
        ${this.page ? nothing : html`<button type="button" id="close" class="icon" part="close-button" aria-label=${t("close")} @click=${this.close}>${icon("close")}</button>`}
      </header>
      <div class="body">
        <section id="sheet" class="sheet" part=${sheet ?? "sheet"} ?hidden=${!sheet} aria-labelledby="sheet-title">
          ${sheet ? this.sheetContent(sheet) : nothing}
        </section>
        <upright-log ?hidden=${sheet !== undefined} .t=${t} .entries=${conversation.entries} .busy=${conversation.loading}
          .typing=${conversation.typing ?? (conversation.awaited && conversation.online ? "assistant" : undefined)}
          .opening=${conversation.entries.length || conversation.loading ? nothing : this.opening()}></upright-log>
      </div>
      ${conversation.online ? nothing : this.offline()}
      <p class="notice" role="alert" ?hidden=${!this.alert}>${this.alert}</p>
      <p class="hidden" role="status" id="status">${this.said}</p>
      ${conversation.ended ? html`<p class="notice">${t("ended")}</p>` : nothing}
      <upright-composer .t=${t}></upright-composer>`;
  }

  private opening() {
    const questions = [...(this.question ? [this.question] : []), ...starters(this.spoken)];
    return html`<upright-opening .t=${this.t} .stored=${this.conversation.stored} .questions=${questions} .safety=${this.safety}></upright-opening>`;
  }

  private offline() {
    const { t } = this;
    const lines = this.place ? linesOf(this.place, this.spoken).slice(0, 2) : [];
    return html`<div class="notice" part="offline" id="offline"><p>${t("offline")}</p>
      ${
        this.sheet === "help"
          ? nothing
          : html`<p>${t("offline_lines")}</p>${
              lines.length
                ? lines.map((line) => lineCard(line, t))
                : html`<button type="button" class="choice" @click=${() => this.turn("help")}>${t("help_title")}</button>`
            }`
      }</div>`;
  }

  private sheetContent(sheet: "help" | "settings") {
    const { t, conversation, settings } = this;
    return html`<div class="sheet-head"><h3 id="sheet-title" tabindex="-1">${t(sheet === "help" ? "help_title" : "settings")}</h3>
        <button type="button" id="sheet-close" class="icon" aria-label=${t(`close_${sheet}`)} @click=${() => this.turn(undefined)}>${icon("close")}</button></div>
      ${
        sheet === "help"
          ? html`<upright-lines .t=${t} .language=${this.spoken} .region=${this.place || homeland()}></upright-lines>`
          : html`<upright-settings .t=${t} .safety=${this.safety} .stored=${conversation.stored} .remember=${this.keep.remember}
              .values=${{ language: settings.language ?? (this.asked ? this.language : "auto"), theme: settings.theme ?? this.theme, size: settings.size ?? "1" }}></upright-settings>`
      }`;
  }

  protected override updated(changes: PropertyValues<this>): void {
    this.root.style.setProperty("--size", SIZES[this.settings.size ?? "1"]);
    if (this.page && !this.open) this.open = true;
    if (changes.has("open")) this.turned();
  }

  private get root(): HTMLElement {
    return this.renderRoot.querySelector(".root") as HTMLElement;
  }

  private find<T extends HTMLElement>(selector: string): T | null {
    return this.renderRoot.querySelector<T>(selector);
  }

  // --- opening and closing -----------------------------------------------------------------------

  private turned(): void {
    const dialog = this.find<HTMLDialogElement>("dialog");
    if (this.open) {
      this.unread = 0;
      this.keep.set("open", true);
      if (dialog && !dialog.open) this.spread(dialog);
      this.fit();
      if (!this.quietly && !this.page)
        requestAnimationFrame(() => this.find("upright-composer")?.focus());
      this.quietly = false;
      // In page mode nobody pressed a button yet: only a conversation that exists is taken up.
      if (!this.page || this.conversation.hasSession) void this.conversation.start();
      this.dispatchEvent(new CustomEvent("upright-open"));
    } else if (dialog?.open) {
      dialog.close();
      this.sheet = undefined;
      this.keep.remove("open");
      this.find("#launcher")?.focus();
      this.dispatchEvent(new CustomEvent("upright-close"));
    }
  }

  private spread(dialog: HTMLDialogElement): void {
    if (matchMedia(NARROW).matches) dialog.showModal();
    else dialog.setAttribute("open", ""); // show() would take the focus
  }

  /** The window became narrow or wide: a modal dialog becomes a panel, or the reverse. */
  private reopen(): void {
    const dialog = this.find<HTMLDialogElement>("dialog");
    if (!dialog?.open) return;
    const at = this.shadowRoot?.activeElement ?? document.activeElement;
    dialog.close();
    this.spread(dialog);
    (at as HTMLElement | null)?.focus();
    this.fit();
  }

  /** Keeps the whole panel above the keyboard of a phone. */
  private fit(): void {
    const panel = this.find("#panel");
    const view = window.visualViewport;
    if (!panel || !view) return;
    const narrow = !this.page && matchMedia(NARROW).matches;
    panel.style.blockSize = narrow ? `${view.height}px` : "";
    panel.style.insetBlockStart = narrow ? `${view.offsetTop}px` : "";
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.isComposing) return;
    if (this.sheet) this.turn(undefined);
    else this.close();
    event.stopPropagation();
    event.preventDefault();
  }

  private cancel(event: Event): void {
    event.preventDefault(); // closed through `open`, so that the focus goes back
    if (this.sheet) this.turn(undefined);
    else this.close();
  }

  private async turn(sheet: Sheet): Promise<void> {
    const before = this.sheet;
    this.sheet = sheet === before ? undefined : sheet;
    this.alert = "";
    await this.updateComplete;
    this.find(this.sheet ? "#sheet-title" : `#${before}`)?.focus();
  }

  // --- the conversation --------------------------------------------------------------------------

  private changed(): void {
    const { conversation } = this;
    if (conversation.online !== this.wasOnline) {
      this.wasOnline = conversation.online;
      this.say(this.t(this.wasOnline ? "back" : "offline"));
    }
    if (conversation.ended !== this.wasEnded) {
      this.wasEnded = conversation.ended;
      if (this.wasEnded) this.say(this.t("ended"));
    }
    this.requestUpdate();
  }

  private arrived(message: Message): void {
    this.heard = message.language;
    if (!this.open) this.unread += 1;
    this.dispatchEvent(
      new CustomEvent("upright-message", { detail: { author: message.author, id: message.id } }),
    );
  }

  private write(text: string): void {
    this.sheet = undefined;
    this.alert = "";
    this.send({ text });
  }

  private send(content: { text: string } | Choice): void {
    const { conversation } = this;
    this.said = "";
    conversation.language = this.asked;
    conversation.region = this.place;
    conversation.send(content, this.spoken);
  }

  /** Says something to screen readers, also twice the same. */
  private say(text: string): void {
    this.said = "";
    setTimeout(() => {
      this.said = text;
    }, 50);
  }

  private async copy(event: CustomEvent<string>): Promise<void> {
    try {
      await navigator.clipboard.writeText(event.detail);
      this.say(this.t("copied"));
    } catch {
      this.alert = this.t("copy_failed");
    }
  }

  /** Saves a file without asking any server. */
  private save(name: string, blob: Blob): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.say(this.t("saved"));
  }

  // --- settings ----------------------------------------------------------------------------------

  private setRegion(code: string): void {
    this.chosenRegion = code;
    this.keep.set("region", code);
    this.requestUpdate();
  }

  private set(values: Settings): void {
    this.settings = { ...this.settings, ...values };
    this.keep.set("settings", this.settings);
    this.requestUpdate();
  }

  private remember(on: boolean): void {
    this.keep.remember = on;
    this.requestUpdate();
  }

  /** Does something that may fail, and says so. */
  private async attempt(what: () => Promise<unknown>): Promise<boolean> {
    this.alert = "";
    try {
      await what();
      return true;
    } catch {
      this.alert = this.t("went_wrong");
      return false;
    } finally {
      this.requestUpdate();
    }
  }

  private async consent(on: boolean): Promise<void> {
    await this.attempt(async () => this.conversation.setStored(on));
    for (const box of this.renderRoot.querySelectorAll<HTMLInputElement>(
      "#consent, [name=consent]",
    ))
      box.checked = this.conversation.stored;
  }

  private async export(format: "text" | "json"): Promise<void> {
    await this.attempt(async () => {
      const blob = await this.conversation.export(format);
      if (blob) this.save(format === "text" ? "upright.txt" : "upright.json", blob);
      else this.say(this.t("nothing_yet"));
    });
  }

  private anew(): void {
    this.conversation.restart();
    this.back();
  }

  private async delete(): Promise<void> {
    if (!(await this.attempt(async () => this.conversation.delete()))) return;
    this.say(this.t("deleted"));
    this.back();
  }

  private back(): void {
    this.sheet = undefined;
    this.heard = undefined;
    this.find("upright-composer")?.focus();
  }

  private leave(): void {
    this.keep.remember = false;
    this.conversation.leave();
    const url = this.leaveUrl || this.t("leave_url");
    location.replace(/^https?:/.test(url) ? url : this.t("leave_url"));
  }

  /** Another tab of a remembered conversation ended it, or it has another token. */
  private elsewhere(event: StorageEvent): void {
    if (event.storageArea === localStorage && event.key === this.keep.name("session"))
      this.conversation.elsewhere(event.oldValue);
  }
}
