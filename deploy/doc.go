// Package deploy holds what runs Kassa outside a developer's shell: the one
// Dockerfile of all processes, and what docker-compose.yml mounts into the
// containers that are not ours. It has no code, only tests of those files.
package deploy
