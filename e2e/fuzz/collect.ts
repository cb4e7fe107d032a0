/** Preloaded into the server of the fuzz test: collects garbage on SIGUSR2, so that what is left is what is held. */
process.on('SIGUSR2', () => globalThis.gc?.());
