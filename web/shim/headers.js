// @ts-check
// What apps add to requests and frames of their own accord.

import { submit } from "./form.js";
import { own } from "./own.js";

/** Attributes that would make the frame another document, or a script of this page. */
const SCRIPTED = /^(src|srcdoc|on.*)$/i;

/** Has a frame that is in the page load url, with attributes, or a form; settles if that is refused. */
export async function load(frame, iframeAttributes, url, action) {
  for (const [name, value] of Object.entries(iframeAttributes ?? {})) {
    if (SCRIPTED.test(name)) throw { code: "invalid_config" };
    frame.setAttribute(name, value);
  }
  if (action) await submit(url, action, frame.contentWindow);
  else frame.src = url;
}

/** The values of headers that are functions of the app. */
export async function headers({ names }, settings) {
  const extraHeaders = own(settings.extraHeaders);
  const valueOf = async (header) => (typeof header === "function" ? header() : header);
  try {
    return { headers: Object.fromEntries(await Promise.all(names.map(async (name) => [name, await valueOf(extraHeaders[name])]))) };
  } catch {
    throw { code: "invalid_config" };
  }
}
