import type { EventHookRequest, UpdateAppRequest } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { getApp } from './get-app.ts';
import { updateApp } from './update-app.ts';

const URL_A = 'https://hooks.example.com/a';
const SECRET = 'a secret of this hook alone';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
    });
    afterEach(() => world.close());

    const hook = (fields: Partial<EventHookRequest> = {}): EventHookRequest => ({
      enabled: true,
      hook_type: 'webhook',
      webhook_url: URL_A,
      ...fields,
    });
    const change = (input: UpdateAppRequest, allowPrivate = false) =>
      updateApp(world.services.acts, world.server(), input, { allowPrivate });
    const set = async (...event_hooks: EventHookRequest[]) =>
      (await change({ event_hooks })).body.app.event_hooks;
    const read = async () => (await getApp(world.services.acts, world.server())).app.event_hooks;

    it('[WHK1] a user token sets no hooks and does not see them', async () => {
      await world.user('ada', { role: 'admin' as never });
      const work = updateApp(world.services.acts, world.as('ada'), { event_hooks: [hook()] });
      expect(await refusedWith(work)).toMatchObject({ status: 403 });
      expect(await refusedWith(getApp(world.services.acts, world.as('ada')))).toMatchObject({ status: 403 });
      expect(await read()).toEqual([]);
    });

    it.each(['sqs', 'sns', 'pending_message'] as const)(
      '[WHK2] a hook of the kind %s is 400/19',
      async (kind) => {
        const refused = await refusedWith(change({ event_hooks: [hook(), hook({ hook_type: kind })] }));
        expect(refused).toMatchObject({
          status: 400,
          kind: 'feature_not_supported',
          fields: ['event_hooks.1.hook_type'],
        });
        expect(await read()).toEqual([]);
        expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      },
    );

    it('[WHK2] wrong hooks are 400/4 and nothing changes', async () => {
      const { webhook_url: _gone, ...bare } = hook();
      const wrong: [EventHookRequest, string][] = [
        [bare, 'event_hooks.0.webhook_url'],
        [hook({ sqs_region: 'eu' }), 'event_hooks.0.sqs_region'],
        [hook({ event_types: ['user.banned', 'user.bannned'] }), 'event_hooks.0.event_types.1'],
      ];
      for (const [request, field] of wrong) {
        const refused = await refusedWith(change({ multi_tenant_enabled: true, event_hooks: [request] }));
        expect(refused).toMatchObject({ status: 400, kind: 'input', fields: [field] });
      }
      const twice = await refusedWith(
        change({ event_hooks: [hook({ id: 'a' as never }), hook({ id: 'a' as never })] }),
      );
      expect(twice).toMatchObject({ status: 400, fields: ['event_hooks.1.id'] });
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    it('[APP5] [WHK2] one named by id is changed, one without is made, one left out is deleted', async () => {
      const [first, second] = await set(
        hook(),
        hook({ webhook_url: 'https://hooks.example.com/b', gzip: true }),
      );
      expect(first?.id).toMatch(/^[0-9a-f-]{36}$/);
      expect(first?.id).not.toBe(second?.id);
      const after = await set(
        hook({ id: second!.id, enabled: false, webhook_url: 'https://hooks.example.com/c' }),
        hook({ id: 'named' as never }),
      );
      expect(after).toMatchObject([
        { id: second?.id, enabled: false, webhook_url: 'https://hooks.example.com/c', gzip: false },
        { id: 'named', enabled: true },
      ]);
      expect(await read()).toEqual(after);
      expect(await set()).toEqual([]);
      expect(await world.rows('event_hooks')).toEqual([]);
    });

    it('[WHK2] the same list again leaves no trace; a request without the list leaves the hooks', async () => {
      const [made] = await set(
        hook({ event_types: ['user.banned', 'call.created'], signing_secret: SECRET }),
      );
      const traces = await world.traces();
      const same = hook({ id: made!.id, event_types: ['call.created', 'user.banned', 'call.created'] });
      expect(await set({ ...same, signing_secret: SECRET })).toEqual([made]);
      expect(await set(same)).toEqual([made]);
      expect(await world.traces()).toEqual(traces);
      await change({ multi_tenant_enabled: true });
      expect(await read()).toEqual([made]);
    });

    it.each(['connection.ok', 'health.check', 'custom', 'call.reaction_new', 'webhook.test'])(
      '[WHK3] %s is never sent and cannot be asked for',
      async (type) => {
        const refused = await refusedWith(change({ event_hooks: [hook({ event_types: [type] })] }));
        expect(refused).toMatchObject({ status: 400, fields: ['event_hooks.0.event_types.0'] });
      },
    );

    it('[WHK4] secrets are shown nowhere, and an address only up to its question mark in the audit log', async () => {
      const [made] = await set(hook({ webhook_url: `${URL_A}?key=hidden`, signing_secret: SECRET }));
      expect(made).toMatchObject({ has_signing_secret: true, webhook_url: `${URL_A}?key=hidden` });
      expect(JSON.stringify(await read())).not.toContain(SECRET);
      const told = JSON.stringify([await world.audits(), await world.events()]);
      expect(told).toContain(`${URL_A}?...`);
      expect(told).not.toContain(SECRET);
      expect(told).not.toContain('hidden');
      expect(JSON.stringify(await world.events())).not.toContain(URL_A);

      const secret = async () => (await world.rows('event_hooks'))[0]?.signing_secret;
      await set(hook({ id: made!.id, gzip: true }));
      expect(await secret()).toBe(SECRET);
      const [without] = await set(hook({ id: made!.id, signing_secret: null }));
      expect([await secret(), without?.has_signing_secret]).toEqual([null, false]);
    });

    const refuses = async (webhook_url: string, allowPrivate = false) => {
      const refused = await refusedWith(change({ event_hooks: [hook({ webhook_url })] }, allowPrivate));
      expect(refused).toMatchObject({ status: 400, fields: ['event_hooks.0.webhook_url'] });
    };

    it.each([
      'ftp://hooks.example.com',
      'hooks.example.com',
      'file:///etc/passwd',
      'javascript:1',
      'https://',
      '//x',
    ])('[WHK5] %s is no address of a hook, allowed or not', async (url) => {
      await refuses(url);
      await refuses(url, true);
    });

    it('[WHK5] credentials are refused always, plain http unless private addresses are allowed', async () => {
      for (const url of ['https://ada@hooks.example.com', 'https://ada:pass@hooks.example.com']) {
        await refuses(url);
        await refuses(url, true);
      }
      await refuses('http://hooks.example.com/a');
      await change({ event_hooks: [hook({ webhook_url: 'http://hooks.example.com/a' })] }, true);
      expect(await read()).toHaveLength(1);
    });

    it.each([
      ...['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '127.255.255.255', '0.0.0.0', '0'],
      ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '169.254.169.254'],
      ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16', '100.100.100.200'],
      ...['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '192.0.0.192'],
      ...['[::1]', '[::]', '[fe80::1]', '[fc00::1]', '[fd00:ec2::254]', '[ff02::1]', '[2001:db8::1]'],
      ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:8.8.8.8]', '[::127.0.0.1]', '[::7f00:1]'],
      ...[
        '[64:ff9b::7f00:1]',
        '[64:ff9b::8.8.8.8]',
        '[64:ff9b:1::a00:1]',
        '[2002:7f00:1::]',
        '[2002:a00:1::1]',
      ],
      ...[
        '[2001::1]',
        '[fec0::1]',
        '[100::1]',
        '[::ffff:0:127.0.0.1]',
        'localhost',
        'LOCALHOST.',
        'a.localhost',
      ],
    ])('[WHK6] https://%s is refused unless private addresses are allowed', async (host) => {
      await refuses(`https://${host}/hook`);
      await change({ event_hooks: [hook({ webhook_url: `https://${host}/hook` })] }, true);
      expect(await read()).toHaveLength(1);
    });

    it.each(['8.8.8.8', '[2606:4700:4700::1111]', 'hooks.example.com', 'xn--bcher-kva.example'])(
      '[WHK6] https://%s is taken',
      async (host) => {
        await set(hook({ webhook_url: `https://${host}:8443/hook?key=1` }));
        expect((await read())[0]?.webhook_url).toBe(`https://${host}:8443/hook?key=1`);
      },
    );
  });
}
