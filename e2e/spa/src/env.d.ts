interface ImportMeta {
  env: { BASE_URL: string; VITE_ROUTER?: string };
}

/** What the tests read. */
declare var heard: { renders: number; rotations: string[]; claims: number; calls: string[] };
