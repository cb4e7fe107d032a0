import { useCall } from '../call/use-call.ts';
import { Outcome } from './outcome.tsx';

/** The line under the stage: what happened last, and what its reply said. Read out when it changes. */
export function LastAct() {
  const { activity } = useCall();
  const [last] = activity;
  return (
    <p className="last-act" role="status">
      {last && (
        <>
          <span>{last.text}</span> <Outcome line={last} />
        </>
      )}
    </p>
  );
}
