import { Alert, Code, Text } from '@mantine/core';
import type { Entry } from '../entry/enter.ts';
import { CardPage } from './card-page.tsx';

type Problem = Extract<Entry, { problem: string }>;

const TITLES: Record<Problem['problem'], string> = {
  'no-link': 'This page opens from a link',
  refused: 'This link does not work',
  unreachable: 'The server does not answer',
};

/** Why the page cannot lead into a call, and what to do. */
export function LinkProblem({ problem, message }: Problem) {
  return (
    <CardPage title={TITLES[problem]}>
      {message !== '' && (
        <Alert color="red" variant="light" role="alert">
          {message.slice(0, 1).toUpperCase() + message.slice(1)}.
        </Alert>
      )}
      <Text>
        A link is made for one person and is good once. A host of the call makes new ones with <b>Invite</b>,
        and <Code>npm start</Code> prints two each time the server starts.
      </Text>
    </CardPage>
  );
}
