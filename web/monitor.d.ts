// For apps that watch a token or a session themselves; a UserManager does so
// by its settings.

import type { AccessTokenCallback, User, UserManager } from "./oidcspa.js";

/** Tells when an access token is about to expire, and when it has. */
export class AccessTokenEvents {
  /** Seconds before the end; one second from now at the earliest. */
  constructor(args: { expiringNotificationTimeInSeconds: number });
  /** Watches this token, in the place of the one before. */
  load(container: Pick<User, "access_token" | "expires_in">): Promise<void>;
  /** Watches none. */
  unload(): Promise<void>;
  /** Returns what removes the callback again. */
  addAccessTokenExpiring(callback: AccessTokenCallback): () => void;
  removeAccessTokenExpiring(callback: AccessTokenCallback): void;
  addAccessTokenExpired(callback: AccessTokenCallback): () => void;
  removeAccessTokenExpired(callback: AccessTokenCallback): void;
}

/**
 * Asks the provider's frame whether its session goes on (OpenID Connect Session
 * Management 1.0, 3.2). The callback is called once when it has changed.
 */
export class CheckSessionIFrame {
  /** url is the provider's check_session_iframe. */
  constructor(
    callback: () => Promise<void> | void, client_id: string, url: string, intervalInSeconds: number, stopOnError: boolean,
  );
  /** Resolves when the frame has loaded. */
  load(): Promise<void>;
  /** Asks at once and then at every interval. */
  start(session_state: string): void;
  stop(): void;
}

/** Has a UserManager watch its session from now on; the setting monitorSession does so from the start. */
export class SessionMonitor {
  constructor(userManager: UserManager);
}
