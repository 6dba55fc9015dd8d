// Package e2e holds the tests that drive the whole platform through its one
// door, as customers do: real Temporal, real Postgres, every worker as its own
// process.
//
// One platform serves all of them (main_test.go); it listens on free ports and
// keeps its state in a folder of its own, which stays when a test has failed.
// So a test must neither count on being alone with the data nor leave anything
// broken behind: it brings its own products and customers, takes back the
// faults that it asked for, and waits for what it has killed.
//
//   - buying_test.go, keys_test.go, authenticate_test.go, cancel_test.go: what
//     customers do;
//   - provider_test.go: a payment provider that misbehaves;
//   - input_test.go, values_test.go: what the platform must refuse;
//   - trace_test.go: one checkout as one trace over all services;
//   - days_test.go, start_test.go: parts that are down, or set up wrongly;
//   - operator_test.go: what somebody with access to Temporal can do to a saga;
//   - operator_test.go: somebody who interferes with the workflows;
//   - crash_test.go: everything killed in turn under load, and the books
//     checked afterwards.
//
// KASSA_BIN_DIR names the programs to run; without it they are built. The seed
// of a run is printed, and KASSA_E2E_SEED repeats its choices.
package e2e
