package product

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kassa/sql/productdb"
)

// near is how alike a word must be to the likest one to be meant as well.
const near = 0.8

// understand makes a query of what somebody typed: every word must occur. For a
// word that no product has ever had it takes those that look like it, and then
// answers the corrected text too. nil means that there is nothing to look for.
func understand(ctx context.Context, db *productdb.Queries, typed string) (words *string, corrected string, err error) {
	if strings.TrimSpace(typed) == "" {
		return nil, "", nil
	}
	asked, err := db.ListQueryWords(ctx, typed)
	if err != nil {
		return nil, "", fmt.Errorf("words of a query: %w", err)
	}
	var all []string
	repaired := strings.ToLower(typed)
	for _, word := range asked {
		stems := []string{word.Stem}
		if !word.Known {
			alike, err := db.ListWordsAlike(ctx, word.Word)
			if err != nil {
				return nil, "", fmt.Errorf("words alike: %w", err)
			}
			if len(alike) > 0 {
				stems = meant(alike)
				repaired = strings.ReplaceAll(repaired, word.Word, alike[0].Word)
			}
		}
		all = append(all, either(stems))
	}
	if len(all) == 0 {
		return nil, "", nil
	}
	if repaired != strings.ToLower(typed) {
		corrected = repaired
	}
	text := strings.Join(all, " & ")
	return &text, corrected, nil
}

// meant are the stems of the likest word and of those nearly as like.
func meant(alike []productdb.ListWordsAlikeRow) []string {
	var stems []string
	for _, word := range alike {
		if word.Likeness >= near*alike[0].Likeness && !slices.Contains(stems, word.Stem) {
			stems = append(stems, word.Stem)
		}
	}
	return stems
}

// either is a tsquery for any of the stems, each quoted as a tsquery wants it.
func either(stems []string) string {
	quoted := make([]string, len(stems))
	for i, stem := range stems {
		quoted[i] = "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(stem) + "'"
	}
	return "(" + strings.Join(quoted, " | ") + ")"
}
