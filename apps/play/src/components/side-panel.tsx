import { Tabs } from '@mantine/core';
import { useCall } from '../call/use-call.ts';
import { ActivityList } from './activity-list.tsx';
import { PeopleList } from './people-list.tsx';
import { RequestsList } from './requests-list.tsx';

/** Who is here and what can be done, who asks, what happened. */
export function SidePanel() {
  const { requests, rights } = useCall();
  const mayAnswer = rights.has('update-call-permissions');
  return (
    <Tabs defaultValue="people" keepMounted={false} className="side-panel">
      <Tabs.List grow>
        <Tabs.Tab value="people">People</Tabs.Tab>
        {mayAnswer && (
          <Tabs.Tab value="requests">
            {requests.length > 0 ? `Requests (${requests.length})` : 'Requests'}
          </Tabs.Tab>
        )}
        <Tabs.Tab value="activity">Activity</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="people">
        <PeopleList />
      </Tabs.Panel>
      {mayAnswer && (
        <Tabs.Panel value="requests">
          <RequestsList />
        </Tabs.Panel>
      )}
      <Tabs.Panel value="activity">
        <ActivityList />
      </Tabs.Panel>
    </Tabs>
  );
}
