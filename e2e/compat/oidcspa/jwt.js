// @ts-check
// decode-jwt: what a JWT says.

import { group } from "./parts.js";

const { all, row } = group("decode-jwt", { of: "decode-jwt" });
export const jwt = all;

const base64url = (text) => btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const utf8 = (text) => base64url(String.fromCharCode(...new TextEncoder().encode(text)));
const part = (value) => utf8(JSON.stringify(value));
const header = part({ alg: "RS256", kid: "k" });
const token = `${header}.${part({ sub: "a", exp: 1 })}.c2ln`;

/** Each token, with what it differs in. */
function tokens(name, rows) {
  row(name, {
    parts: [(t) => {
      for (const [what, given, options] of rows) t.call(what, () => t.module.decodeJwt(given, options));
    }],
  });
}

tokens("tokens", [
  ["claims", token],
  ["header", token, { header: true }],
  ["header false", token, { header: false }],
  ["header in words", token, { header: "true" }],
  ["options null", token, null],
  ["no signature", `${header}.${part({ sub: "a" })}`],
  ["four parts", `${token}.d`],
  ["letters", `${header}.${part({ name: "Zoë 🦉 ÿ>?" })}.c`],
  ["letters of Latin-1", `${header}.${base64url('{"name":"Zo\xeb"}')}.c`],
  ["a byte order mark", `${header}.${utf8("\ufeff{}")}.c`],
  ["padded", `${header}.${btoa('{"a":12}')}.c`],
  ["base64, not base64url", `${header}.${btoa('{"a":"\x3e\x3f\x3e\x3f"}')}.c`],
  ["a space", `${header}.${part({ a: 1 })} .c`],
  ["an array", `${header}.${part([1])}.c`],
  ["null", `${header}.${part(null)}.c`],
  ["a number", `${header}.${part(7)}.c`],
]);
tokens("no tokens", [
  ["undefined", undefined],
  ["null", null],
  ["a number", 7],
  ["an object", { token }],
  ["empty", ""],
  ["one part", "a"],
  ["one part, header", header, { header: true }],
  ["empty parts", ".."],
  ["no base64", `${header}.!.c`],
  ["a letter too many", `${header}.${part({ a: 12 })}A.c`],
  ["no JSON", `${header}.${base64url("no")}.c`],
  ["half of JSON", `${header}.${base64url("{")}.c`],
]);
row("errors", {
  parts: [(t) => {
    const { InvalidTokenError, decodeJwt } = t.module;
    try {
      decodeJwt("a.b.c");
    } catch (error) {
      t.show("error", [error instanceof InvalidTokenError, error instanceof Error, error.name, typeof error.message]);
    }
    t.show("made by the app", new InvalidTokenError("a").message);
  }],
});
