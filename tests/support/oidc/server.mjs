// SPDX-License-Identifier: Apache-2.0
// usage: node server.mjs PORT CERTIFICATE KEY
// A real OpenID Connect server with clients whose secrets it checks. The id of a client says what its tokens are like;
// all live for an hour unless they say otherwise. GET /seen at PORT+1 tells what was asked for, one JSON line a request;
// PORT+2 is the server by https.
import { OAuth2Server } from 'oauth2-mock-server';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

globalThis.crypto ??= webcrypto; // Debian 12's Node 18 has it there only when asked

const [port, certificate, key] = [Number(process.argv[2]), ...process.argv.slice(3)];
const hour = 3600;
const clients = {
  'app': { secret: 'app-secret' },
  'in form': { secret: 'form secret', inForm: true },
  'app:ü+%/&=?': { secret: 's:e c+r%e/t&=?"\\ü' },
  'other-audience': { secret: 's', aud: 'other' },
  'other-issuer': { secret: 's', iss: 'http://issuer.invalid' },
  'expired': { secret: 's', exp: -600 },
  'short': { secret: 's', exp: 6, expires_in: 6 },
  'silent': { secret: 's', exp: 4, expires_in: undefined },
  'wants-audience': { secret: 's', needs: { audience: 'kafka-prod', scope: 'read write' } },
  'no-token': { secret: 's', empty: true },
};

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
const seen = [];

function credentials(request) {
  const header = request.headers.authorization;
  if (!header?.startsWith('Basic ')) return [request.body?.client_id, request.body?.client_secret, true];
  const [id, ...rest] = Buffer.from(header.slice(6), 'base64').toString().split(':');
  // RFC 6749 2.3.1: both are form-encoded.
  const plain = (text) => decodeURIComponent(text.replaceAll('+', ' '));
  return [plain(id), plain(rest.join(':')), false];
}

server.service.on('beforeTokenSigning', (token, request) => {
  const [id] = credentials(request);
  const client = clients[id] ?? {};
  const now = Math.floor(Date.now() / 1000);
  Object.assign(token.payload, { sub: id, aud: client.aud ?? 'kafka', iat: now - hour, exp: now + (client.exp ?? hour) });
  delete token.payload.nbf;
  if (client.iss) token.payload.iss = client.iss;
});

server.service.on('beforeResponse', (response, request) => {
  const [id, secret, inForm] = credentials(request);
  const { audience, scope, grant_type } = request.body ?? {};
  seen.push({ id, inForm, grant_type, audience, scope });
  const client = clients[id];
  const refuse = (statusCode, error, error_description) => Object.assign(response, { statusCode, body: { error, error_description } });
  if (!client || client.secret !== secret || (client.inForm && !inForm)) return refuse(401, 'invalid_client', 'no such client or secret');
  for (const [name, value] of Object.entries(client.needs ?? {}))
    if (request.body[name] !== value) return refuse(400, 'invalid_scope', `${name} is not ${value}`);
  if (client.empty) response.body = {};
  else response.body.expires_in = 'expires_in' in client ? client.expires_in : hour;
});

await server.start(port, '127.0.0.1');
http.createServer((_, answer) => answer.end(seen.map((one) => JSON.stringify(one) + '\n').join(''))).listen(port + 1, '127.0.0.1');
https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, answer) => {
  const { method, url: path, headers } = request;
  request.pipe(http.request({ host: '127.0.0.1', port, method, path, headers }, (from) => {
    answer.writeHead(from.statusCode, from.headers);
    from.pipe(answer);
  }));
}).listen(port + 2, '127.0.0.1');
