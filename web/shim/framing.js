// @ts-check
// Why the hidden frame has not brought an answer, as far as the app itself is why.

/** How long the app's own server may take to say so, in milliseconds. */
const PATIENCE = 5_000;

/** Whether a source of frame-ancestors is the app itself (CSP 3, 6.7.2.8). */
function admitsApp(source) {
  const { origin, host, protocol } = location, [, scheme, name] = source.match(/^(\w+:)?(?:\/\/)?([^/]*)/);
  if (source === "'self'" || source === origin) return true;
  if (scheme && scheme !== protocol) return false;
  return ["", "*", host].includes(name) || name.startsWith("*.") && host.endsWith(name.slice(1));
}

/** What the headers of the app's root say against a frame of the app; undefined for nothing. */
function headerAgainst(headers) {
  const policies = (headers.get("Content-Security-Policy") ?? "").split(/[,;]/).map((directive) => directive.trim().split(/\s+/));
  const ancestors = policies.filter(([name]) => name.toLowerCase() === "frame-ancestors");
  const refuses = ancestors.find(([, ...sources]) => !sources.some(admitsApp));
  if (refuses) return `Content-Security-Policy: ${refuses.join(" ")}`;
  if (!ancestors.length && /deny/i.test(headers.get("X-Frame-Options"))) return "X-Frame-Options: DENY"; // which counts without the other alone
}

/** Hears of frames that the policy of the page refuses. */
export class FramePolicy {
  #refused = new Set();
  /** Where the hidden frame was sent to. */
  #visited;

  constructor() {
    addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
      if (effectiveDirective === "frame-src" && URL.canParse(blockedURI)) this.#refused.add(new URL(blockedURI).origin);
    });
  }

  /** The hidden frame is sent to an address. */
  visits(url) {
    this.#visited = new URL(url).origin;
  }

  /** What is to be changed so that the frame can answer; base is the app's root. */
  async advice(base) {
    const instead = 'or set sessionRestorationMethod to "full page redirect"';
    if (this.#refused.has(this.#visited)) return `Content-Security-Policy of this page: let frame-src have ${this.#visited} and 'self', ${instead}`;
    try {
      const { headers } = await fetch(base, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      const against = headerAgainst(headers);
      if (against) return `${base} is sent with "${against}", so that the app cannot be in a frame of its own: let frame-ancestors be 'self', ${instead}`;
    } catch {
      // its server does not say
    }
  }
}
