// Package durable is how Kassa uses Temporal: the client, the workers, and
// the translation of faults into Temporal failures and back, so that the one
// table of internal/fault decides what is retried.
//
// Operations of a service run as activities on the service's own task queue
// (RegisterService). The worker that hosts the workflows also knows every
// operation of the other services under the same name, as a direct call over
// internal HTTP (RegisterDirect), which a workflow runs as a local activity.
package durable
