import { MantineProvider } from '@mantine/core';
import { Suspense, use, useState } from 'react';
import { createCallStore } from './call/call-store.ts';
import { StoreContext } from './call/use-call.ts';
import { CallPage } from './components/call-page.tsx';
import { LinkProblem } from './components/link-problem.tsx';
import { Waiting } from './components/waiting.tsx';
import type { Entry } from './entry/enter.ts';
import type { Pass } from './entry/pass.ts';
import { styleNonce } from './nonce.ts';
import { theme, variables } from './theme.ts';

/** The page: whoever the link makes of this browser, in their call. */
export function App({ entering }: { entering: Promise<Entry> }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <Suspense fallback={<Waiting text="Opening the link" />}>
        <Entered entering={entering} />
      </Suspense>
    </MantineProvider>
  );
}

function Entered({ entering }: { entering: Promise<Entry> }) {
  const entry = use(entering);
  if ('problem' in entry) return <LinkProblem problem={entry.problem} message={entry.message} />;
  return <WithStore pass={entry.pass} />;
}

/** One store for the life of the page, also where React renders a component twice. */
let made: ReturnType<typeof createCallStore> | undefined;

function WithStore({ pass }: { pass: Pass }) {
  const [store] = useState(() => {
    made ??= createCallStore(pass);
    return made;
  });
  return (
    <StoreContext value={store}>
      <CallPage />
    </StoreContext>
  );
}
