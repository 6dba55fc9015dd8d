// Package orderdb holds the order service's database: its migrations, its
// queries and the Go that sqlc writes from them.
package orderdb

import (
	"embed"
	"io/fs"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the goose files of this database, at the root of the result.
func Migrations() fs.FS {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}
