// Requests of islands: same origin, JSON answers, a time limit, the form token of the page.

import type { Comment } from "../core/events.js";

/** Longer than the server waits for a part of itself that comes back. */
const LIMIT_MS = 12_000;

export class Failed extends Error {
  constructor(
    readonly status: number,
    readonly problem: {
      code?: string;
      detail?: string;
      by?: { id: string; name: string } | null;
      comment?: Comment;
    },
  ) {
    super(`${status} ${problem.code ?? ""}`);
  }
}

export async function getJson<T>(url: string): Promise<T> {
  return read<T>(await fetch(url, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(LIMIT_MS) }));
}

/** Send what a form would send. Null when the answer is empty (204). `keepalive`: it goes on when the page is left; 64 KiB at most. */
export async function postForm<T>(url: string, fields?: FormData, { limitMs = LIMIT_MS, keepalive = false } = {}): Promise<T | null> {
  const body = new URLSearchParams();
  fields?.forEach((value, name) => body.append(name, String(value)));
  const headers = { Accept: "application/json", "X-Form-Token": formToken() };
  const signal = AbortSignal.timeout(limitMs);
  const response = await fetch(url, { method: "POST", headers, body, signal, keepalive });
  return response.status === 204 ? null : read<T>(response);
}

async function read<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw new Failed(response.status, body as Failed["problem"]);
  return body as T;
}

function formToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="form-token"]')?.content ?? "";
}

/** A new Idempotency-Key for the next send. */
export function freshOnce(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
