import '@mantine/core/styles.css';
import './page.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { enter } from './entry/enter.ts';
import { styleNonce } from './nonce.ts';

// The library that locks scrolling behind a dialog writes a style of its own.
setNonce(styleNonce());

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
// Begun once, outside of React: a link is good once, and StrictMode begins effects twice.
const entering = enter();
createRoot(root).render(
  <StrictMode>
    <App entering={entering} />
  </StrictMode>,
);
