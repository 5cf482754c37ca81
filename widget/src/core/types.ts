/** What server and client exchange: bot/channels/chat.schema.json in TypeScript. */

export type Language = "en" | "zh";

export interface Source {
  type: "source";
  id: string;
  citation: string;
  year: number | string | null;
  locator: string;
  kind: string;
}

export interface Choice {
  title: string;
  payload: string;
}

export interface Hotline {
  type: "hotline";
  id: string;
  name: string;
  contact: string;
  country: string;
  dial: string[];
}

export interface Download {
  type: "download";
  title: string;
  name: string;
  content: string;
}

export type Block =
  | { type: "paragraph"; text: string }
  | { type: "list"; items: string[] }
  | { type: "figure"; text: string; value: string; unit: string }
  | Source
  | { type: "choices"; items: Choice[] }
  | Hotline
  | { type: "step"; text: string; number: number; of: number }
  | { type: "own"; label: string; text: string }
  | Download;

export interface Message {
  id: string;
  author: "assistant" | "person" | "counsellor";
  label?: string;
  language: Language;
  /** The language of the words where it is neither of ours. */
  tongue?: string;
  /** Seconds since 1970. */
  time: number;
  template: string | null;
  text: string;
  blocks: Block[];
}

export interface Session {
  token: string;
  expires: number;
  stored: boolean;
}

export interface MessageRequest {
  id: string;
  text?: string;
  payload?: string;
  language?: Language;
  region?: string;
}

export interface History {
  messages: Message[];
  event: string;
}

export interface Typing {
  author: "assistant" | "counsellor";
  on: boolean;
}
