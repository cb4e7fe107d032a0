import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { ListRoomsResponse, type ParticipantPermission } from '@livekit/protocol';
import { AccessToken, DataPacket_Kind, RoomServiceClient, type VideoGrant } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { accessTokenVerifier } from './access-token.ts';
import { roomService } from './room-service.ts';
import { ROOM_METHODS } from './rooms-methods.ts';
import { type TestRooms, testRooms } from './test-room-control.ts';

const KEY = 'key';
const SECRET = 'secret-that-is-long-enough-for-hs256';
const JSON_TYPE = 'application/json';

describe('RoomService', () => {
  let server: Server;
  let url: string;
  let rooms: TestRooms;
  let client: RoomServiceClient;
  const errors: unknown[] = [];
  beforeAll(async () => {
    const verify = accessTokenVerifier(new Map([[KEY, SECRET]]));
    server = createServer((request, response) => {
      const control = rooms;
      const onError = (error: unknown): void => void errors.push(error);
      const handled = roomService({ control, verify, clock: systemClock, onError })(request, response);
      if (!handled) response.writeHead(204).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new RoomServiceClient(url, KEY, SECRET);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    rooms = testRooms();
    rooms.createRoom({ name: 'a', metadata: '', emptyTimeoutS: 0, maxParticipants: 0 });
    rooms.put('a', 'sara', 'TR_voice');
    errors.length = 0;
  });

  const tokenFor = (grant: VideoGrant): Promise<string> => {
    const token = new AccessToken(KEY, SECRET, { identity: 'api' });
    token.addGrant(grant);
    return token.toJwt();
  };
  const post = async (
    method: string,
    {
      grant = {},
      body = '{}',
      type = JSON_TYPE,
      ...more
    }: { grant?: VideoGrant; body?: string | Buffer; type?: string; token?: string; verb?: string },
  ) => {
    const token = more.token ?? (await tokenFor(grant));
    const reply = await fetch(`${url}/twirp/livekit.${method}`, {
      method: more.verb ?? 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      ...(more.verb === undefined && { body: Buffer.from(body) }),
    });
    const text = await reply.text();
    return {
      status: reply.status,
      type: reply.headers.get('content-type'),
      ...(JSON.parse(text) as { code: string; msg: string }),
    };
  };

  test('[SFW14] without a valid token, or with grants for other things, nothing is read or done', async () => {
    const unauthenticated = { status: 401, code: 'unauthenticated', type: JSON_TYPE };
    expect(await post('RoomService/ListRooms', { token: 'forged' })).toMatchObject(unauthenticated);
    const refusals: [string, object, VideoGrant][] = [
      ['ListRooms', {}, { roomAdmin: true, room: 'a', roomCreate: true }],
      ['CreateRoom', { name: 'b' }, { roomAdmin: true, room: 'b', roomList: true }],
      ['DeleteRoom', { room: 'a' }, { roomAdmin: true, room: 'a', roomList: true }],
      ...[...ROOM_METHODS.keys()]
        .filter((name) => !['ListRooms', 'CreateRoom', 'DeleteRoom'].includes(name))
        .flatMap((name): [string, object, VideoGrant][] => {
          const body = {
            room: 'a',
            ...(name !== 'ListParticipants' &&
              name !== 'UpdateRoomMetadata' &&
              name !== 'SendData' && { identity: 'sara' }),
          };
          return [
            [name, body, { roomAdmin: true, room: 'b' }],
            [name, body, { roomAdmin: true }],
            [name, body, { room: 'a', roomJoin: true, roomCreate: true, roomList: true }],
          ];
        }),
    ];
    for (const [method, body, grant] of refusals) {
      const answer = await post(`RoomService/${method}`, { grant, body: JSON.stringify(body) });
      expect(answer, method).toMatchObject({ ...unauthenticated, msg: 'permissions denied' });
    }
    expect(rooms.listRooms([]).map(({ name }) => name)).toEqual(['a']);
    expect(rooms.said).toEqual([]);
    expect(rooms.getParticipant('a', 'sara').tracks[0]?.muted).toBe(false);
  });

  test('[SFW15] another path is not answered here; another method, service or type is a bad route', async () => {
    expect((await fetch(`${url}/rtc`)).status).toBe(204);
    const bad = { status: 404, code: 'bad_route' };
    expect(await post('RoomService/ListRooms', { verb: 'GET' })).toMatchObject(bad);
    for (const method of [
      'RoomService/Nothing',
      'RoomService/ListRooms/x',
      'Nothing/ListRooms',
      'RoomService/constructor',
    ])
      expect(await post(method, {}), method).toMatchObject(bad);
    expect(await post('RoomService/ListRooms', { type: 'text/plain' })).toMatchObject(bad);
  });

  test('[SFW16] what only LiveKit does is refused by its name', async () => {
    const unimplemented = {
      status: 501,
      code: 'unimplemented',
      msg: expect.stringMatching(/LiveKit.*not.implemented$/),
    };
    for (const method of [
      'RoomService/MoveParticipant',
      'RoomService/PerformRpc',
      'Egress/StartEgress',
      'SIP/CreateSIPTrunk',
    ])
      expect(await post(method, {}), method).toMatchObject(unimplemented);
    await expect(client.moveParticipant('a', 'sara', 'b')).rejects.toMatchObject({ code: 'unimplemented' });
    const grant = { roomCreate: true };
    for (const field of [
      '{"min_playout_delay":5}',
      '{"room_preset":"x"}',
      '{"agents":[{"agent_name":"x"}]}',
      '{"egress":{}}',
      '{"tags":{"a":"b"}}',
    ]) {
      const body = `{"name":"b",${field.slice(1)}`;
      expect(await post('RoomService/CreateRoom', { grant, body }), field).toMatchObject(unimplemented);
    }
    expect(rooms.listRooms(['b'])).toEqual([]);
  });

  test('[SFW17] bodies that are no message, too long, or with fields past their bounds', async () => {
    const grant = { roomCreate: true, roomAdmin: true, room: 'a' };
    const create = (body: string | Buffer, type = JSON_TYPE) =>
      post('RoomService/CreateRoom', { grant, body, type });
    for (const body of ['', '[]', '{"name":7}', '{"name":', '{"max_participants":-1}'])
      expect(await create(body), body).toMatchObject({ status: 400, code: 'malformed' });
    expect(await create(Buffer.from([0x0a, 0xff]), 'application/protobuf')).toMatchObject({
      code: 'malformed',
    });
    expect(await create(`{"name":"b","metadata":"${'x'.repeat(600_000)}"}`)).toMatchObject({
      status: 429,
      code: 'resource_exhausted',
    });
    const invalid = { status: 400, code: 'invalid_argument' };
    expect(await create('{}')).toMatchObject({ ...invalid, msg: expect.stringMatching(/^name: /) });
    expect(await create(JSON.stringify({ name: 'x'.repeat(257) }))).toMatchObject(invalid);
    await expect(client.updateRoomMetadata('a', 'x'.repeat(64_001))).rejects.toMatchObject({
      ...invalid,
      message: expect.stringMatching(/^metadata: at most 64000/),
    });
    const attributes = { a: 'x'.repeat(64_000) };
    await expect(client.updateParticipant('a', 'sara', { attributes })).rejects.toMatchObject(invalid);
    await expect(
      client.sendData('a', new Uint8Array(60_001), DataPacket_Kind.RELIABLE),
    ).rejects.toMatchObject(invalid);
    const sids = Array.from({ length: 1_001 }, (_, n) => `TR_${n}`);
    await expect(client.updateSubscriptions('a', 'sara', sids, true)).rejects.toMatchObject(invalid);
    expect(rooms.said).toEqual([]);
  });

  test('[SFW17] a body that never ends is given up, also without a length', async () => {
    const token = await tokenFor({ roomList: true });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head = `POST /twirp/livekit.RoomService/ListRooms HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n`;
    socket.write(`${head}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`);
    const answered = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
    for (let n = 0; n < 9; n++) socket.write(chunk);
    expect(await answered).toMatch(/^HTTP\/1\.1 429 /);
    socket.destroy();
  });

  test('[SFW18] what is not there is not found; what nobody expected is internal, and its words stay here', async () => {
    const missing = { status: 404, code: 'not_found' };
    await expect(client.removeParticipant('a', 'bob')).rejects.toMatchObject({
      ...missing,
      message: 'participant does not exist',
    });
    await expect(client.deleteRoom('b')).rejects.toMatchObject(missing);
    await expect(client.mutePublishedTrack('a', 'sara', 'TR_x', true)).rejects.toMatchObject(missing);
    rooms.listRooms = () => {
      throw new Error('with a secret');
    };
    const answer = await client.listRooms().catch((error: unknown) => error);
    expect(answer).toMatchObject({
      status: 500,
      code: 'internal',
      message: expect.not.stringContaining('secret'),
    });
    expect(errors).toMatchObject([{ message: 'with a secret' }]);
  });

  test('[SFW18] what the rooms refuse is told in their words: the API unmutes nobody', async () => {
    rooms.mutePublishedTrack('a', 'sara', 'TR_voice', true);
    await expect(client.mutePublishedTrack('a', 'sara', 'TR_voice', false)).rejects.toMatchObject({
      code: 'failed_precondition',
    });
    expect(rooms.getParticipant('a', 'sara').tracks[0]?.muted).toBe(true);
  });

  test('[SFW19] livekit-server-sdk makes, lists, changes and deletes rooms', async () => {
    expect(
      await client.createRoom({ name: 'b', emptyTimeout: 7, maxParticipants: 3, metadata: 'm' }),
    ).toMatchObject({
      ...{ name: 'b', emptyTimeout: 7, maxParticipants: 3, metadata: 'm' },
    });
    expect((await client.listRooms()).map(({ name }) => name)).toEqual(['a', 'b']);
    expect((await client.listRooms(['b'])).map(({ name }) => name)).toEqual(['b']);
    expect(await client.updateRoomMetadata('b', 'other')).toMatchObject({ metadata: 'other' });
    await client.deleteRoom('b');
    expect(await client.listRooms(['b'])).toEqual([]);
  });

  test('[SFW19] livekit-server-sdk lists, changes, mutes and removes people, and sends data', async () => {
    expect(await client.listParticipants('a')).toMatchObject([
      { identity: 'sara', tracks: [{ sid: 'TR_voice' }] },
    ]);
    expect(await client.getParticipant('a', 'sara')).toMatchObject({ sid: 'PA_sara' });
    const permission: Partial<ParticipantPermission> = { canPublish: true, canPublishSources: [2] };
    const changed = await client.updateParticipant('a', 'sara', { name: 'Sara', permission });
    expect(changed).toMatchObject({ name: 'Sara', permission: { ...permission, canSubscribe: false } });
    await client.updateParticipant('a', 'sara', { metadata: 'm', attributes: { a: 'b' } });
    expect(await client.mutePublishedTrack('a', 'sara', 'TR_voice', true)).toMatchObject({ muted: true });
    await client.updateSubscriptions('a', 'sara', ['TR_1', 'TR_2'], false);
    const bytes = new Uint8Array([1, 2, 3]);
    await client.sendData('a', bytes, DataPacket_Kind.RELIABLE, {
      destinationIdentities: ['sara', 'bob'],
      topic: 't',
    });
    expect(rooms.said).toEqual([
      'updateParticipant name,permission',
      'updateParticipant metadata,attributes',
      'updateSubscriptions sara TR_1,TR_2 false',
      'sendData a 3 bytes to sara,bob',
    ]);
    await client.removeParticipant('a', 'sara');
    expect(await client.listParticipants('a')).toEqual([]);
  });

  test('[SFW19] protobuf bodies are answered in protobuf, JSON in the names of the messages’ fields', async () => {
    const headers = { authorization: `Bearer ${await tokenFor({ roomList: true })}` };
    const ask = (type: string, body: string) =>
      fetch(`${url}/twirp/livekit.RoomService/ListRooms`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body,
      });
    const binary = await ask('application/protobuf', '');
    expect(binary.headers.get('content-type')).toBe('application/protobuf');
    expect(ListRoomsResponse.fromBinary(new Uint8Array(await binary.arrayBuffer())).rooms).toMatchObject([
      { name: 'a' },
    ]);
    const json = await ask('application/json; charset=utf-8', '{"names":["a"],"unknown":1}');
    expect(await json.json()).toMatchObject({ rooms: [{ name: 'a', num_participants: 0 }] });
  });
});
