// Package user is the user service: accounts, sign-in and tokens.
//
// # Nouns
//
// A User is an account: an e-mail address to sign in with, a profile and a role.
// Its version counts changes of both and is the sequence of its events. An
// account has Preferences and Addresses, which have versions of their own and
// no events. A session is one sign-in on one device. It is a chain of refresh
// tokens of which exactly one is live, and from which access tokens are made.
// An APIKey lets a program act in its owner's name, within scopes.
//
// An account is open, then being erased (nobody can sign in, see CloseAccount),
// then erased: an empty row that orders refer to.
//
// # Passwords
//
// A password has 8 to 128 characters and is none of the commonest. It is kept
// as Argon2id (19 MiB, 2 passes, 1 lane), computed by as many requests at once
// as there are processors; others wait, and are refused after 2 s. An unknown
// account is answered like a wrong password and takes as long. Failed sign-ins
// are counted per account and address, per account, and per address; a good
// one is not counted.
//
// # Tokens
//
// An access token is a JWT signed with Ed25519 that any service can check by
// itself with the public keys (ListSigningKeys). It lives 10 minutes and says
// who (sub), in which role (role) and by which session (sid). A refresh token
// is 32 random bytes of which only the hash is kept. It is good for one
// exchange; the same exchange repeated within 10 s gives the same successor,
// because an answer can get lost. Repeated later it means that two parties
// hold the token, and the session ends.
//
// Access tokens are withdrawn before they expire by telling everybody
// (revoke.go). Who makes a token holds the account's row (FOR SHARE), and who
// changes what a token says takes the time of the withdrawal while holding it,
// so that no token with the old word is younger than the withdrawal.
//
// # Mailed tokens
//
// A request for a mail is a row and an event with its id. The token is that id
// with a signature by a secret of the process: it is in no table and in no
// event, and IssueMailToken makes the same one again for a mail that is retried.
//
// # When something fails
//
// Every operation is one transaction, apart from LoginUser, which must not
// hold one while it hashes: it first takes the attempt, then checks, then
// starts the session. Dying in between costs the caller one attempt.
package user

// Queue is the Temporal task queue of the service.
const Queue = "user"
