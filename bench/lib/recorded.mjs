// Asteroid's and AgentBay's TypeScript clients, which npm does not have: figures that were recorded once, from builds of
// their public source. No run measures them again, so every table that shows one says `recorded`.

/** Sizes are bytes; what was not recorded is left out. */
export const recorded = {
  'asteroid-odyssey 1.3.10': {
    packages: 66,
    installed: 55_100_000,
    files: 2_787,
    browser: 'fails (fs, path)',
    // Everything in one file, for Node.
    bundle: { what: 'for Node', minified: 321_044, gzip: 84_695 },
    importMs: 57,
    requireMs: 52,
  },
  'wuying-agentbay-sdk 0.19.0': {
    packages: 75,
    installed: 50_907_349,
    own: 6_616_076,
    browser: 'fails, 143 errors',
    // Those of Node's modules and of its browser library; its other dependencies are in it.
    bundle: { what: 'with open imports', minified: 945_185, gzip: 234_576 },
    importMs: 534,
    requireMs: 394,
    // One call on loopback.
    callMs: 1.2,
  },
};

/** Below a table that shows them. */
export const recordedNote = [
  "Recorded: Asteroid's and AgentBay's TypeScript clients are not on npm, so this run cannot measure them. Their figures",
  "were taken on another day from builds of their public source, and are not to be divided by this run's.",
];
