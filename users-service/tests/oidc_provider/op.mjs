// A certified OpenID provider as a process: node op.mjs '{"port": …, "redirectUris": […], …}'
//
// The pages are the package's own for development: any name signs in, and is then the subject. Its keys
// are made at each start, so a restart is a rotation. `clockSeconds` puts its clock ahead, or behind.
import { generateKeyPairSync, randomBytes } from "node:crypto";

const given = JSON.parse(process.argv[2]);
const trueNow = Date.now;
Date.now = () => trueNow() + (given.clockSeconds ?? 0) * 1000;
const { Provider } = await import("oidc-provider");

const issuer = `http://127.0.0.1:${given.port}`;
const jwk = (kid, alg, pair) => ({ ...pair.privateKey.export({ format: "jwk" }), kid: `${kid}-${randomBytes(4).toString("hex")}`, alg, use: "sig" });
const keys = [
  jwk("rsa", "RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })),
  jwk("ec", "ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })),
];

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: given.clientId,
      client_secret: given.clientSecret,
      redirect_uris: given.redirectUris,
      id_token_signed_response_alg: given.algorithm ?? "RS256",
      token_endpoint_auth_method: given.clientAuth ?? "client_secret_basic",
    },
  ],
  jwks: { keys },
  cookies: { keys: [randomBytes(16).toString("hex")] },
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email", "email_verified"] },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: `${sub} of elsewhere`, preferred_username: sub, email: `${sub}@example.org`, email_verified: false }),
  }),
  ttl: { IdToken: 300, Interaction: 3600, Session: 3600, Grant: 3600, AccessToken: 300 },
  pkce: { required: () => true },
});

provider.listen(given.port, "127.0.0.1", () => process.stdout.write("listening\n"));
