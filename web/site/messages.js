// @ts-check

/**
 * What each error means for the person in front of the screen: what is the
 * matter, and what to do about it. Keys are the values of error.code; for
 * provider_error, "provider_error/" and the code of the provider.
 *
 * @type {Readonly<Record<string, string>>}
 */
const messages = {
  // The application is set up wrongly.
  invalid_argument: "This page made a mistake. That is a bug of the page; reloading may help.",
  invalid_config: "This page is set up wrongly. Tell whoever runs it.",
  insecure_url: "This page is set up with an address that is not secure (https). Tell whoever runs it.",

  // The provider cannot be used.
  metadata_invalid: "The sign-in service gives a description of itself that cannot be used. Tell whoever runs it.",
  issuer_mismatch: "The answer came from another sign-in service than the one this page trusts. You are not signed in.",
  redirect_uri_mismatch: "The answer arrived at another address than the one that this page asked for. You are not signed in.",
  unsupported: "The sign-in service does not offer what this page needs. Tell whoever runs it.",

  // A request had no usable answer.
  network: "The sign-in service cannot be reached. Check your connection and try again.",
  cors_refused: "The sign-in service does not let this page read its answers. This page's origin must be registered there.",
  timeout: "The sign-in service did not answer in time. Try again in a moment.",
  aborted: "This was stopped before it was done.",
  disposed: "This page has ended that by itself. Try again.",
  redirect_refused: "The sign-in service answered with a redirect where none is allowed. Tell whoever runs it.",
  answer_forged: "Something in this browser answers in place of the sign-in service. Tell whoever runs this page.",
  http_status: "The sign-in service is out of order at the moment. Try again later.",
  response_too_large: "The sign-in service sent an answer that is too large to be right.",
  not_json: "The sign-in service sent an answer that cannot be read. Try again later.",

  // The way back from the sign-in.
  callback_missing: "There is no sign-in to finish here. Use the button to sign in.",
  callback_malformed: "The way back from the sign-in was garbled. Please sign in again.",
  state_unknown: "This sign-in was finished or given up before, perhaps by a reload. Please sign in again.",
  state_mismatch: "This answer belongs to another sign-in. You are not signed in; please sign in again.",
  callback_unread: "This page has sent you to sign in several times, and did not read the answer. Tell whoever runs it.",
  transaction_expired: "The sign-in took more than 15 minutes. Please sign in again.",
  target_not_allowed: "This link leads to another site, and was not followed.",

  // The provider said no.
  provider_error: "The sign-in service refused. Try again, or tell whoever runs it.",
  "provider_error/access_denied": "You cancelled the sign-in, or you are not allowed in.",
  "provider_error/login_required": "Your session at the sign-in service has ended. Please sign in again.",
  "provider_error/interaction_required": "The sign-in service wants to ask you something. Please sign in again.",
  "provider_error/consent_required": "The sign-in service needs your consent. Please sign in again.",
  "provider_error/account_selection_required": "The sign-in service needs to know which account to use. Please sign in again.",
  "provider_error/temporarily_unavailable": "The sign-in service is busy. Try again in a moment.",
  "provider_error/server_error": "The sign-in service had an accident. Try again in a moment.",
  "provider_error/invalid_grant": "Your session has ended. Please sign in again.",
  "provider_error/invalid_scope": "This page asks for rights that the sign-in service does not know. Tell whoever runs this page.",
  "provider_error/unauthorized_client": "The sign-in service does not accept this page. Tell whoever runs it.",
  "provider_error/invalid_client": "The sign-in service does not know this page. Tell whoever runs it.",

  // A token failed a check: nobody is signed in by it.
  token_response_invalid: "The sign-in service sent an incomplete answer. You are not signed in.",
  token_type_not_allowed: "The sign-in service sent a token that anybody could use. You are not signed in.",
  token_inactive: "The sign-in service does not know your access any more. Please sign in again.",
  introspection_invalid: "The sign-in service sent an answer that cannot be read. Try again later.",
  session_ended: "Your session at the sign-in service has ended. Please sign in again.",
  logout_token_replayed: "The end of a session was told twice.",
  id_token_missing: "The sign-in service did not say who you are. You are not signed in.",
  push_response_invalid: "The sign-in service sent an incomplete answer. Tell whoever runs it.",
  token_malformed: "The sign-in service sent something that is not a token. You are not signed in.",
  token_not_encrypted: "The sign-in service sent a token in clear that had to be secret. You are not signed in.",
  decryption_failed: "A token could not be opened. You are not signed in.",
  claim_invalid: "The sign-in service sent a token with a part missing. You are not signed in.",
  typ_not_allowed: "The sign-in service sent a token of the wrong kind. You are not signed in.",
  header_not_allowed: "A token brought its own key, and was not believed. You are not signed in.",
  alg_not_allowed: "A token is signed in a way that this page does not accept. You are not signed in.",
  key_not_found: "A token is signed with a key that the sign-in service does not publish. You are not signed in.",
  keys_invalid: "The sign-in service publishes no usable key. You are not signed in.",
  signature_invalid: "A token has a wrong signature. You are not signed in.",
  audience_mismatch: "The token was made for another application. You are not signed in.",
  azp_mismatch: "The token was made for another application. You are not signed in.",
  token_expired: "The token has already expired. If this stays, check the clock of this device.",
  token_not_yet_valid: "The token is not valid yet. Check the clock of this device.",
  issued_in_future: "The token comes from the future. Check the clock of this device.",
  clock_skew: "The clock of this device is wrong. Please set it, and sign in again.",
  nonce_mismatch: "The token answers another sign-in. You are not signed in; please sign in again.",
  auth_time_too_old: "Your last sign-in is too long ago. Please sign in again.",
  acr_not_met: "The sign-in was not strong enough for this page.",
  at_hash_mismatch: "Two tokens do not belong together. You are not signed in.",
  subject_changed: "Somebody else is signed in at the sign-in service now. Please sign in again.",
  session_mismatch: "This is about another session. You are still signed in.",
  insufficient_scope: "You do not have the right to do this.",
  challenge_malformed: "The API refused, and its reason cannot be read.",

  // Answers of an API to a token that is bound to a key.
  dpop_key_lost: "The sign-in was interrupted. Please sign in again.",
  dpop_nonce_hidden: "The sign-in service and this page do not fit together. Please tell who runs it.",
  dpop_required: "The token was sent without proof of its key.",
  dpop_not_bound: "The token is bound to no key. Please sign in again.",
  dpop_proof_missing: "The proof of the token's key is missing.",
  dpop_key_invalid: "The token's key cannot be used. Please sign in again.",
  dpop_key_mismatch: "The token belongs to another key. Please sign in again.",
  dpop_method_mismatch: "The proof of the token's key is for another request. Please try again.",
  dpop_url_mismatch: "The proof of the token's key is for another address.",
  dpop_token_mismatch: "The proof of the token's key is for another token. Please try again.",
  dpop_proof_expired: "The proof of the token's key is too old. Check the clock of this device and try again.",
  dpop_nonce_invalid: "The server wants a new proof of the token's key. Please try again.",
  dpop_replayed: "This request was sent before. Please try again.",

  // The session.
  not_signed_in: "You are not signed in.",
  redirect_uri_shared: "This page is set up for several sign-in services that it cannot tell apart. Please tell who runs it.",
  client_mismatch: "This page took the answer to a sign-in for that to another one. Please sign in again.",
  frame_no_response: "The session could not be renewed in the background. Please sign in again.",

  fetch_not_allowed: "This page tried to reach an address that it may not use your session for. That is a bug of the page.",
  step_up_required: "The API wants you to confirm who you are. Please sign in again, then repeat what you did.",
  popup_blocked: "Your browser blocked the sign-in window. Allow popup windows for this page, or try again.",
  popup_closed: "The sign-in window was closed before you were signed in. Please try again.",
  popup_severed: "You came back before you were signed in. Go on in the sign-in window, or try again.",
  form_blocked: "You are signed out here, but this page was not allowed to sign you out at the provider.",
  page_gone: "This was started in a tab that has been closed. Please try again.",

  storage_unavailable: "The browser lets this page store nothing, and a sign-in has to remember a little. Allow site data for this page.",

  // The client itself.
  internal: "Something went wrong inside this page. Reload it.",
  runtime_stopped: "The part of this page that keeps your session has stopped. Reload the page.",
  worker_not_found: "A file of this page is missing on its server: worker.js. Tell whoever runs it.",
  wasm_not_found: "A file of this page is missing on its server: oidcspa.wasm. Tell whoever runs it.",
  wasm_wrong_type: "The server sends oidcspa.wasm with the wrong type; it must be application/wasm. Tell whoever runs it.",
  wasm_invalid: "oidcspa.wasm is damaged or of another version than the rest. Reload the page; if this stays, tell whoever runs it.",
  version_mismatch: "This page has been updated since it was opened. Reload it.",
  wasm_blocked_by_csp: "The security policy of this page keeps WebAssembly from running. Tell whoever runs it.",

  // This page's own.
  config_not_found: "The settings of this page, config.json, cannot be read.",
  api_unreachable: "The API cannot be reached. Check your connection and try again.",
  api_refused: "The API did not accept your access token.",
  api_failed: "The API answered with an error.",
};

/**
 * Returns what an error means in plain language. The text is to be shown as
 * text, not as HTML: parts of it may come from the provider.
 *
 * @param {any} error
 * @returns {{text: string, code: string}}
 */
export function explain(error) {
  const code = String(error?.code ?? "unknown");
  const wire = code === "provider_error" ? `${code}/${error.error ?? ""}` : "";
  for (const key of [wire, code]) {
    if (Object.hasOwn(messages, key)) {
      return { text: messages[key], code: wire.endsWith("/") || wire === "" ? code : wire };
    }
  }
  return { text: String(error?.message ?? error), code };
}
