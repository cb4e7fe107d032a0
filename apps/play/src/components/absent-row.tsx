import type { MemberResponse } from '@callgate/contract';
import { Button, Group, Text } from '@mantine/core';
import type { RingAnswer } from '../call/state.ts';
import { useCall, useStore } from '../call/use-call.ts';
import { Bell } from './icons.tsx';
import { Outcome } from './outcome.tsx';

const ANSWERS: Record<RingAnswer, string> = {
  ringing: 'rings',
  accepted: 'accepted',
  rejected: 'rejected',
  missed: 'did not answer',
};

/** A member who is not in the call: ring them, or let them in again. */
export function AbsentRow({ member, isBlocked }: { member: MemberResponse; isBlocked: boolean }) {
  const { rung, rights, activity } = useCall();
  const { api, ...store } = useStore();
  const { user_id: userId, user } = member;
  const name = user.name ?? userId;
  const answer = rung[userId];
  const last = activity.find((line) => line.userId === userId && line.kind !== 'others');
  const ring = (): void => void store.act(`Ring ${name}`, () => store.ring(userId).then(() => ({})), userId);
  return (
    <li className="row" data-row={userId}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <div className="row-text">
          <Text fw={600} truncate>
            {name}
          </Text>
          <Text size="sm" c="dimmed">
            {isBlocked ? 'blocked' : answer ? ANSWERS[answer] : user.online ? 'the page is open' : 'away'}
          </Text>
        </div>
        {isBlocked && rights.has('block-users') ? (
          <Button
            size="compact-md"
            variant="default"
            aria-label={`Let ${name} in again`}
            onClick={() => void store.act(`Let ${name} in again`, () => api.unblock(userId), userId)}
          >
            Let in again
          </Button>
        ) : (
          !isBlocked && (
            <Button
              size="compact-md"
              variant="default"
              leftSection={<Bell size={16} />}
              aria-label={`Ring ${name}`}
              onClick={ring}
            >
              Ring
            </Button>
          )
        )}
      </Group>
      {last && (
        <Text size="sm" className="row-outcome">
          {last.text}: <Outcome line={last} />
        </Text>
      )}
    </li>
  );
}
