import { defineConfig } from 'vite';

/** Everything the page needs is in what this writes: no script, style, font or picture comes from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/play/',
  build: {
    target: 'es2022',
    // Inlined pictures would be one reason more for `data:` in the policy of the page.
    assetsInlineLimit: 0,
    // The polyfill is for browsers that have no WebRTC worth the name.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    emptyOutDir: true,
  },
});
