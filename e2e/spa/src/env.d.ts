interface ImportMeta {
  env: { BASE_URL: string };
}

/** What the tests read. */
declare var heard: { renders: number; rotations: string[]; claims: number; calls: string[] };
