import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { Secret } from "../../base/secret.ts";
import { saslprep } from "./saslprep.ts";

/** PostgreSQL's own default, `scram_iterations`. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** The SCRAM-SHA-256 verifier that PostgreSQL stores for a password (RFC 5803): with it a login can be checked, and nobody can log in. */
export function scramVerifier(password: Secret, salt: Buffer = randomBytes(SALT_BYTES)): Secret {
  const salted = pbkdf2Sync(Buffer.from(saslprep(password.reveal()), "utf8"), salt, ITERATIONS, KEY_BYTES, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return new Secret(`SCRAM-SHA-256$${ITERATIONS}:${salt.toString("base64")}$${storedKey}:${serverKey}`);
}
