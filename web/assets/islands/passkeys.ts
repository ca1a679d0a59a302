// Passkeys: the browser asks the person's device, and a plain form carries the answer to the server.

import { Failed, postForm } from "./dom/request.js";
import "./site.js";

interface Begun {
  flow: string;
  options: PublicKeyCredentialRequestOptionsJSON;
}

const supported = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
  form.hidden = !supported;
  form.addEventListener("submit", (event) => void answer(event, form, () => prove(form)));
}
const fresh = document.querySelector<HTMLFormElement>("form[data-create]");
fresh?.addEventListener("submit", (event) => void answer(event, fresh, () => create(fresh)));

async function answer(event: SubmitEvent, form: HTMLFormElement, ask: () => Promise<void>): Promise<void> {
  event.preventDefault();
  const button = form.querySelector("button") as HTMLButtonElement;
  if (button.disabled) return;
  button.disabled = true;
  say(form, "");
  try {
    await ask();
    form.submit();
  } catch (error) {
    say(form, sentence(error));
    button.disabled = false;
  }
}

async function prove(form: HTMLFormElement): Promise<void> {
  const begun = (await postForm<Begun>("/users/passkeys/options")) as Begun;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options);
  const credential = await navigator.credentials.get({ publicKey });
  const prefix = form.dataset["passkey"] ?? "";
  put(form, `${prefix}flow`, begun.flow);
  put(form, `${prefix}credential`, told(credential));
}

async function create(form: HTMLFormElement): Promise<void> {
  const options = JSON.parse(form.dataset["options"] ?? "") as PublicKeyCredentialCreationOptionsJSON;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  put(form, "credential", told(await navigator.credentials.create({ publicKey })));
}

function told(credential: Credential | null): string {
  return JSON.stringify((credential as PublicKeyCredential).toJSON());
}

function put(form: HTMLFormElement, name: string, value: string): void {
  (form.elements.namedItem(name) as HTMLInputElement).value = value;
}

function say(form: HTMLFormElement, text: string): void {
  const line = form.querySelector<HTMLElement>('[data-field="error"]');
  if (!line) return;
  line.textContent = text;
  line.hidden = text === "";
}

function sentence(error: unknown): string {
  if (error instanceof Failed && error.status === 429) return "Too many attempts. Try again in a few minutes.";
  if (error instanceof Failed) return "That is temporarily unavailable. Try again in a moment.";
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") return "This device already has a passkey for your account.";
  if (name === "NotAllowedError") return "No passkey was chosen. Try again when you are ready.";
  return "This browser could not do that. Try again, or use your password.";
}
