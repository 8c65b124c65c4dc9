// @ts-check
// What apps add to requests and frames of their own accord.

import { own } from "./own.js";

/** Attributes that would make the frame another document, or a script of this page. */
const SCRIPTED = /^(src|srcdoc|on.*)$/i;

/** The attributes of a frame, with their values. */
export function attributesOf(iframeAttributes) {
  const attributes = Object.entries(iframeAttributes);
  if (attributes.some(([name]) => SCRIPTED.test(name))) throw { code: "invalid_config" };
  return attributes;
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
