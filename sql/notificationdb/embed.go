// Package notificationdb is the notification service's database: its migrations, its queries
// and the code sqlc writes from them.
package notificationdb

import (
	"embed"
	"io/fs"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations holds the goose migrations of this database at its root.
func Migrations() fs.FS {
	root, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return root
}
