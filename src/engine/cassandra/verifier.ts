import { genSaltSync, hashSync } from "bcryptjs";
import { Secret } from "../../base/secret.ts";

/** The server's own cost, `-Dcassandra.auth_bcrypt_gensalt_log2_rounds`. */
const ROUNDS = 10;

/** The bcrypt hash that Cassandra stores for a password and takes as HASHED PASSWORD: with it a login can be checked, and nobody can log in. */
export function passwordVerifier(password: Secret): Secret {
  // jBCrypt, which the server uses, reads this revision only; for any password that bcrypt can tell apart the two are the same.
  const salt = genSaltSync(ROUNDS).replace(/^\$2[aby]\$/, "$2a$");
  return new Secret(hashSync(password.reveal(), salt));
}
